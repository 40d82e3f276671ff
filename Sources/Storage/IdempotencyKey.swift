// A caller's own name for a request: sent twice it is done once, and the second gets the first one's answer.

import GRDB

/// What is known of a caller's key.
package enum KnownRequest: Sendable {
  /// It is new, and now noted as being worked on.
  case new
  /// The same request has this answer.
  case answered(status: Int, head: String, body: [UInt8])
  /// The same request is being worked on.
  case running
  /// The key was used for another request.
  case other
}

extension AppDatabase {
  /// Notes that a request begins, or tells what became of it.
  package func beginRequest(
    caller: String, key: String, digest: [UInt8], expiresAt: Int, now: Int
  ) async throws -> KnownRequest {
    try await changes.write { database in
      try database.change(
        "DELETE FROM idempotency_keys WHERE caller = $1 AND name = $2 AND expires_at < $3",
        [caller, key, now])
      let isNew = try database.change(
        """
        INSERT INTO idempotency_keys (caller, name, request_digest, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (caller, name) DO NOTHING
        """, [caller, key, DatabaseBytes(digest).value, expiresAt, now])
      if isNew == 1 { return .new }
      guard
        let row = try database.first(
          "SELECT * FROM idempotency_keys WHERE caller = $1 AND name = $2", [caller, key])
      else { return .new }
      guard DatabaseBytes.bytes(row["request_digest"]) == digest else { return .other }
      guard let status = row["status"] as Int? else { return .running }
      return .answered(
        status: status, head: row["head"] ?? "", body: DatabaseBytes.bytes(row["body"]))
    }
  }

  /// Keeps a request's answer.
  package func endRequest(
    caller: String, key: String, status: Int, head: String, body: [UInt8]
  ) async throws {
    try await changes.write { database in
      _ = try database.change(
        """
        UPDATE idempotency_keys SET status = $1, head = $2, body = $3
        WHERE caller = $4 AND name = $5
        """, [status, head, DatabaseBytes(body).value, caller, key])
    }
  }

  /// Forgets requests that a process that has died was working on.
  package func forgetUnansweredRequests() async throws {
    try await changes.write { database in
      _ = try database.change("DELETE FROM idempotency_keys WHERE status IS NULL")
    }
  }

  /// Forgets a request that came to nothing: it may be sent again.
  package func forgetRequest(caller: String, key: String) async throws {
    try await changes.write { database in
      _ = try database.change(
        "DELETE FROM idempotency_keys WHERE caller = $1 AND name = $2 AND status IS NULL",
        [caller, key])
    }
  }
}
