// API keys: long-lived access for a program of the owner's. Stored as digests; the first characters are kept to tell them
// apart.

import GRDB

/// One key as its owner sees it.
package struct APIKey: Hashable, Sendable {
  package let id: String
  package let name: String
  /// The first characters of the key.
  package let prefix: String
  package let lastUsedAt: Int?
  package let createdAt: Int

  init(row: Row) {
    id = row["id"]
    name = row["name"]
    prefix = row["prefix"]
    lastUsedAt = row["last_used_at"]
    createdAt = row["created_at"]
  }
}

extension AppDatabase {
  /// Stores a key.
  ///
  /// - Returns: nil when the account has `limit` keys already.
  package func addKey(
    id: String, user: String, name: String, prefix: String, hash: [UInt8], limit: Int, now: Int
  ) async throws -> APIKey? {
    try await changes.write { database in
      let count = try database.number(
        "SELECT count(*) FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL", [user])
      guard count < limit else { return nil }
      try database.change(
        """
        INSERT INTO api_keys (id, user_id, name, prefix, key_hash, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """, [id, user, name, prefix, DatabaseBytes(hash).value, now])
      return try database.first("SELECT * FROM api_keys WHERE id = $1", [id]).map(APIKey.init)
    }
  }

  /// An account's keys, newest first.
  package func keys(of user: String) async throws -> [APIKey] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL
        ORDER BY created_at DESC, id DESC
        """, [user]
      ).map(APIKey.init)
    }
  }

  /// Ends a key.
  ///
  /// - Returns: false when the account has no such key.
  package func revokeKey(_ id: String, of user: String, now: Int) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        """
        UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND user_id = $3 AND revoked_at IS NULL
        """, [now, id, user]) == 1
    }
  }

  /// The account of a key; nil for one that is unknown or ended.
  package func user(keyHash: [UInt8]) async throws -> (user: User, key: String, lastUsedAt: Int?)? {
    try await reads.read { database in
      guard
        let key = try database.first(
          "SELECT id, user_id, last_used_at FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
          [DatabaseBytes(keyHash).value]),
        let user = try database.first(
          "SELECT * FROM users WHERE id = $1", [key["user_id"] as String])
      else { return nil }
      return (User(row: user), key["id"], key["last_used_at"])
    }
  }

  /// Notes that a key was used.
  package func touchKey(_ id: String, now: Int) async throws {
    try await changes.write { database in
      _ = try database.change("UPDATE api_keys SET last_used_at = $1 WHERE id = $2", [now, id])
    }
  }
}
