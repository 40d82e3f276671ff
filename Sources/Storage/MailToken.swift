// Links sent by mail: each proves an address once, for a short time, and only the newest of its purpose counts.

import GRDB

/// What a mailed link is for.
package enum MailPurpose: String, Sendable {
  case verify
  case reset
  /// A new address for an account.
  case change
}

extension AppDatabase {
  /// Stores the digest of a mailed token; earlier ones of the same purpose end.
  package func addMailToken(
    id: String, user: String, purpose: MailPurpose, email: String, hash: [UInt8], expiresAt: Int,
    now: Int
  ) async throws {
    try await changes.write { database in
      try database.change(
        """
        UPDATE reset_tokens SET used_at = $1 WHERE user_id = $2 AND purpose = $3 AND used_at IS NULL
        """, [now, user, purpose.rawValue])
      try database.change(
        """
        INSERT INTO reset_tokens (id, user_id, purpose, email, token_hash, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [id, user, purpose.rawValue, email, DatabaseBytes(hash).value, expiresAt, now])
    }
  }

  /// Spends a token that proves an address: of a new account, or a new one of an account.
  ///
  /// - Returns: the account; nil when the token is unknown, spent, over, or the new address has been taken meanwhile.
  package func verifyEmail(hash: [UInt8], now: Int) async throws -> User? {
    try await changes.write { database in
      for purpose in [MailPurpose.verify, .change] {
        guard let (user, email) = try Self.spend(hash, purpose, now: now, in: database) else {
          continue
        }
        if purpose == .change {
          let taken = try database.number(
            "SELECT count(*) FROM users WHERE email = $1 AND id <> $2", [email, user])
          if taken > 0 { return nil }
        }
        // A verification is bound to the address it was sent to.
        let changed = try database.change(
          """
          UPDATE users SET email = $1, email_verified = 1, updated_at = $2
          WHERE id = $3 AND ($4 = 'change' OR email = $5)
          """, [email, now, user, purpose.rawValue, email])
        guard changed == 1 else { return nil }
        return try database.first("SELECT * FROM users WHERE id = $1", [user]).map(User.init)
      }
      return nil
    }
  }

  /// Spends a reset token: the password is set, the address proved, all sessions end.
  ///
  /// - Returns: the account; nil when the token is unknown, spent or over, or the address has changed since.
  package func resetPassword(hash: [UInt8], passwordHash: String, now: Int) async throws -> User? {
    try await changes.write { database in
      guard let (user, email) = try Self.spend(hash, .reset, now: now, in: database) else {
        return nil
      }
      let same = try database.number(
        "SELECT count(*) FROM users WHERE id = $1 AND email = $2", [user, email])
      guard same == 1 else { return nil }
      try Self.setPassword(passwordHash, of: user, keeping: nil, now: now, in: database)
      try database.change("UPDATE users SET email_verified = 1 WHERE id = $1", [user])
      return try database.first("SELECT * FROM users WHERE id = $1", [user]).map(User.init)
    }
  }

  /// Whether a reset token could be spent: asked before a costly digest is made.
  package func isGood(resetHash hash: [UInt8], now: Int) async throws -> Bool {
    try await reads.read { database in
      try database.number(
        """
        SELECT count(*) FROM reset_tokens
        WHERE token_hash = $1 AND purpose = 'reset' AND used_at IS NULL AND expires_at > $2
        """, [DatabaseBytes(hash).value, now]) == 1
    }
  }

  private static func spend(
    _ hash: [UInt8], _ purpose: MailPurpose, now: Int, in database: Database
  ) throws -> (user: String, email: String)? {
    let bytes = DatabaseBytes(hash).value
    let spent = try database.change(
      """
      UPDATE reset_tokens SET used_at = $1
      WHERE token_hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $4
      """, [now, bytes, purpose.rawValue, now])
    guard spent == 1 else { return nil }
    return try database.first(
      "SELECT user_id, email FROM reset_tokens WHERE token_hash = $1", [bytes]
    ).map { ($0["user_id"], $0["email"]) }
  }
}
