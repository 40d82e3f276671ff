// Sessions: a family of refresh tokens, of which the newest is good for one use. What is stored is a digest; a token that
// is used twice ends its family, because one of the two who hold it has stolen it (RFC 9700 section 4.14).

import GRDB

/// A refresh token to be stored.
package struct NewRefreshToken: Sendable {
  package let id: String
  package let user: String
  /// The session it belongs to.
  package let family: String
  /// SHA-256 of the token.
  package let hash: [UInt8]
  /// What the client calls itself, shortened; shown to its owner.
  package let client: String
  /// Milliseconds since 1970 UTC.
  package let expiresAt: Int

  package init(
    id: String, user: String, family: String, hash: [UInt8], client: String, expiresAt: Int
  ) {
    self.id = id
    self.user = user
    self.family = family
    self.hash = hash
    self.client = client
    self.expiresAt = expiresAt
  }
}

/// A session as its owner sees it.
package struct SessionRow: Sendable {
  package let family: String
  /// What the client calls itself.
  package let client: String
  /// Milliseconds since 1970 UTC.
  package let beganAt: Int
  package let usedAt: Int

  init(row: Row) {
    family = row["family_id"]
    client = row["client"]
    beganAt = row["began_at"]
    usedAt = row["used_at"]
  }
}

/// What became of a refresh token that was shown.
package enum RefreshOutcome: Sendable {
  /// It is spent, or was by the same client a moment ago; its successor stands.
  case rotated(user: User, family: String)
  /// It was used before: its family is ended.
  case reused
  /// Unknown, expired, ended, or its account is.
  case refused
}

extension AppDatabase {
  /// Stores the first token of a session.
  package func addSession(_ token: NewRefreshToken, now: Int) async throws {
    try await changes.write { try Self.insert(token, now: now, in: $0) }
  }

  private static func insert(_ token: NewRefreshToken, now: Int, in database: Database) throws {
    try database.change(
      """
      INSERT INTO refresh_tokens (id, user_id, family_id, token_hash, client, expires_at, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (token_hash) DO NOTHING
      """,
      [
        token.id, token.user, token.family, DatabaseBytes(token.hash).value, token.client,
        token.expiresAt, now,
      ])
  }

  /// Spends a token and stores its successor.
  ///
  /// - Parameters:
  ///   - successor: the digest of the successor, which the caller works out of the token: the same for the same token.
  ///   - grace: milliseconds for which the same client gets the same successor again: its answer may have been lost.
  ///   - absoluteLifetime: milliseconds after which a session ends however often it is refreshed.
  package func rotate(
    hash: [UInt8], successor: [UInt8], successorID: String, client: String, grace: Int,
    lifetime: Int, absoluteLifetime: Int, now: Int
  ) async throws -> RefreshOutcome {
    try await changes.write { database in
      guard
        let row = try database.first(
          "SELECT * FROM refresh_tokens WHERE token_hash = $1", [DatabaseBytes(hash).value])
      else { return .refused }
      let family: String = row["family_id"]
      let userID: String = row["user_id"]
      guard row["revoked_at"] == nil, (row["expires_at"] as Int) > now,
        let user = try database.first("SELECT * FROM users WHERE id = $1", [userID])
          .map(User.init), !user.isDisabled
      else { return .refused }
      if let usedAt = row["used_at"] as Int? {
        if now - usedAt <= grace, (row["client"] as String) == client {
          return .rotated(user: user, family: family)
        }
        try Self.endFamily(family, now: now, in: database)
        return .reused
      }
      let startedAt = try database.number(
        "SELECT min(created_at) FROM refresh_tokens WHERE family_id = $1", [family])
      let end = startedAt + absoluteLifetime
      guard end > now else { return .refused }
      try database.change(
        "UPDATE refresh_tokens SET used_at = $1, client = $2 WHERE token_hash = $3",
        [now, client, DatabaseBytes(hash).value])
      try Self.insert(
        NewRefreshToken(
          id: successorID, user: userID, family: family, hash: successor, client: client,
          expiresAt: min(now + lifetime, end)), now: now, in: database)
      return .rotated(user: user, family: family)
    }
  }

  /// Ends the session of a token; nothing for one that is unknown.
  package func endSession(hash: [UInt8], now: Int) async throws {
    try await changes.write { database in
      if let row = try database.first(
        "SELECT family_id FROM refresh_tokens WHERE token_hash = $1", [DatabaseBytes(hash).value])
      {
        try Self.endFamily(row["family_id"], now: now, in: database)
      }
    }
  }

  /// The sessions of an account that go on, the one used last first.
  package func sessions(of user: String, now: Int) async throws -> [SessionRow] {
    try await reads.read { database in
      try database.all(
        """
        SELECT family_id, max(client) AS client, min(created_at) AS began_at,
          max(created_at) AS used_at
        FROM refresh_tokens WHERE user_id = $1 AND revoked_at IS NULL
        GROUP BY family_id HAVING max(expires_at) > $2 ORDER BY max(created_at) DESC, family_id
        """, [user, now]
      ).map(SessionRow.init)
    }
  }

  /// Ends one session of an account.
  ///
  /// - Returns: false when it has no such session that goes on.
  package func endSession(family: String, of user: String, now: Int) async throws -> Bool {
    try await changes.write { database in
      try database.change(
        """
        UPDATE refresh_tokens SET revoked_at = $1
        WHERE family_id = $2 AND user_id = $3 AND revoked_at IS NULL
        """, [now, family, user]) > 0
    }
  }

  /// Ends all sessions of an account; its access tokens end with them.
  package func endSessions(of user: String, now: Int) async throws {
    try await changes.write {
      try Self.endSessions(of: user, keeping: nil, now: now, in: $0)
    }
  }

  static func endFamily(_ family: String, now: Int, in database: Database) throws {
    try database.change(
      "UPDATE refresh_tokens SET revoked_at = $1 WHERE family_id = $2 AND revoked_at IS NULL",
      [now, family])
  }

  static func endSessions(
    of user: String, keeping family: String?, now: Int, in database: Database
  ) throws {
    try database.change(
      """
      UPDATE refresh_tokens SET revoked_at = $1
      WHERE user_id = $2 AND family_id <> $3 AND revoked_at IS NULL
      """, [now, user, family ?? ""])
    if family == nil {
      try database.change(
        "UPDATE users SET token_epoch = token_epoch + 1, updated_at = $1 WHERE id = $2",
        [now, user])
    }
  }

  /// Removes what has ended: sessions as a whole (the age of one is that of its first token), mailed tokens, kept answers, limits
  /// that are not being used.
  package func sweepEnded(before instant: Int) async throws {
    try await changes.write { database in
      try database.change(
        """
        DELETE FROM refresh_tokens WHERE family_id IN (
          SELECT family_id FROM refresh_tokens GROUP BY family_id
          HAVING max(CASE WHEN revoked_at IS NULL THEN expires_at ELSE revoked_at END) < $1)
        """, [instant])
      try database.change("DELETE FROM reset_tokens WHERE expires_at < $1", [instant])
      try database.change("DELETE FROM idempotency_keys WHERE expires_at < $1", [instant])
      try database.change("DELETE FROM rate_limits WHERE next_at < $1", [instant])
      // Stripe tries for three days, and lets its events be asked for again for thirty.
      try database.change(
        "DELETE FROM stripe_events WHERE created_at < $1", [instant - 90 * millisecondsOfDay])
    }
  }
}
