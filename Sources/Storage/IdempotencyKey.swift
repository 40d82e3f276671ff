// A caller's own name for a request: sent twice it is done once, and the second gets the first one's answer.

import GRDB

/// A request by its caller's own name for it.
package struct NamedRequest: Hashable, Sendable {
  package let caller: String
  package let key: String

  package init(caller: String, key: String) {
    self.caller = caller
    self.key = key
  }
}

/// What is kept of an answered request.
package struct RequestEnd: Hashable, Sendable {
  package let name: NamedRequest
  package let status: Int
  package let head: String
  package let body: [UInt8]

  package init(_ name: NamedRequest, status: Int, head: String = "", body: [UInt8]) {
    self.name = name
    self.status = status
    self.head = head
    self.body = body
  }
}

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

/// Milliseconds after which a request that is still being worked on is one that was given up: no stream is longer.
private let longestRequest = 30 * 60_000

extension AppDatabase {
  /// Notes that a request begins, or tells what became of it.
  package func beginRequest(
    _ name: NamedRequest, digest: [UInt8], expiresAt: Int, now: Int
  ) async throws -> KnownRequest {
    try await changes.write { database in
      try database.change(
        """
        DELETE FROM idempotency_keys WHERE caller = $1 AND name = $2
          AND (expires_at < $3 OR (status IS NULL AND created_at < $4))
        """, [name.caller, name.key, now, now - longestRequest])
      let isNew = try database.change(
        """
        INSERT INTO idempotency_keys (caller, name, request_digest, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (caller, name) DO NOTHING
        """, [name.caller, name.key, DatabaseBytes(digest).value, expiresAt, now])
      if isNew == 1 { return .new }
      guard
        let row = try database.first(
          "SELECT * FROM idempotency_keys WHERE caller = $1 AND name = $2",
          [name.caller, name.key])
      else { return .new }
      guard DatabaseBytes.bytes(row["request_digest"]) == digest else { return .other }
      guard let status = row["status"] as Int? else { return .running }
      return .answered(
        status: status, head: row["head"] ?? "", body: DatabaseBytes.bytes(row["body"]))
    }
  }

  /// Keeps a request's answer.
  package func endRequest(_ end: RequestEnd) async throws {
    try await changes.write { try Self.endRequest(end, in: $0) }
  }

  static func endRequest(_ end: RequestEnd, in database: Database) throws {
    try database.change(
      """
      UPDATE idempotency_keys SET status = $1, head = $2, body = $3
      WHERE caller = $4 AND name = $5
      """,
      [
        end.status, end.head, DatabaseBytes(end.body).value, end.name.caller, end.name.key,
      ])
  }

  /// Forgets requests that a process that has died was working on.
  package func forgetUnansweredRequests() async throws {
    try await changes.write { database in
      _ = try database.change("DELETE FROM idempotency_keys WHERE status IS NULL")
    }
  }

  /// Forgets a request that came to nothing: it may be sent again.
  package func forgetRequest(_ name: NamedRequest) async throws {
    try await changes.write { database in
      _ = try database.change(
        "DELETE FROM idempotency_keys WHERE caller = $1 AND name = $2 AND status IS NULL",
        [name.caller, name.key])
    }
  }

  /// Forgets a request with its answer.
  package func forgetAnswer(_ name: NamedRequest) async throws {
    try await changes.write { try Self.forgetAnswer(name, in: $0) }
  }

  static func forgetAnswer(_ name: NamedRequest, in database: Database) throws {
    try database.change(
      "DELETE FROM idempotency_keys WHERE caller = $1 AND name = $2", [name.caller, name.key])
  }
}
