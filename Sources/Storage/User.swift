// Accounts: who owns chatbots. An e-mail address is stored as normalised by the caller (trimmed, lower case, NFC).

import GRDB

/// One account.
package struct User: Hashable, Sendable {
  package let id: String
  package let email: String
  package let isEmailVerified: Bool
  /// Of `crypt`'s format; nil for an account that signs in elsewhere only.
  package let passwordHash: String?
  /// The provider's subject; nil when not linked.
  package let googleID: String?
  package let name: String
  /// The raw value of a plan tier.
  package let planTier: String
  /// Replaces the plan's number of messages; nil leaves it.
  package let messageQuota: Int?
  /// The customer's id at Stripe; nil for an account that has bought nothing.
  package let stripeCustomer: String?
  /// What the account has paid for at present, milliseconds since 1970 UTC; nil when that is nothing.
  package let paidPeriod: Range<Int>?
  /// Access tokens of another epoch are not accepted.
  package let tokenEpoch: Int
  package let isAdmin: Bool
  package let isDisabled: Bool
  /// Whether its owner has deleted it; what is left of it goes within a day.
  package let hasLeft: Bool
  /// Milliseconds since 1970 UTC.
  package let createdAt: Int

  init(row: Row) {
    id = row["id"]
    email = row["email"]
    isEmailVerified = row["email_verified"] == 1
    passwordHash = row["password_hash"]
    googleID = row["google_id"]
    name = row["name"]
    planTier = row["plan_tier"]
    messageQuota = row["message_quota"]
    stripeCustomer = row["stripe_customer_id"]
    if let start = row["paid_from"] as Int?, let end = row["paid_until"] as Int?, start < end {
      paidPeriod = start..<end
    } else {
      paidPeriod = nil
    }
    tokenEpoch = row["token_epoch"]
    isAdmin = row["is_admin"] == 1
    isDisabled = row["disabled"] == 1
    hasLeft = row["left_at"] != nil
    createdAt = row["created_at"]
  }
}

/// An account to be made.
package struct NewUser: Sendable {
  package var id: String
  package var email: String
  package var isEmailVerified = false
  package var passwordHash: String?
  package var googleID: String?
  package var name: String
  package var isAdmin = false

  package init(id: String, email: String, name: String, passwordHash: String?) {
    self.id = id
    self.email = email
    self.name = name
    self.passwordHash = passwordHash
  }
}

/// What an operator, or an owner of itself, changes of an account; nil leaves a value as it is.
package struct UserChange: Sendable {
  package var name: String?
  package var planTier: String?
  /// Plans, the smallest first: a smaller plan deletes nothing, so it is noted since when it holds.
  package var plans: [String] = []
  /// The inner nil goes back to the plan's number.
  package var messageQuota: Int??
  package var isAdmin: Bool?
  package var isDisabled: Bool?

  package init() {}
}

extension AppDatabase {
  /// Makes an account.
  ///
  /// - Returns: false when the address is taken; no account is changed then.
  package func add(_ user: NewUser, now: Int) async throws -> Bool {
    try await changes.write { database in
      // Written in both cases: a commit without a write is quicker, and would tell who has an account.
      try database.change(
        "INSERT INTO rate_limits (scope, next_at, created_at) VALUES ($1, $2, $3)",
        ["register:\(user.id)", now, now])
      return try database.change(
        """
        INSERT INTO users (id, email, email_verified, password_hash, google_id, name, plan_tier,
          token_epoch, is_admin, disabled, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'free', 0, $7, 0, $8, $9) ON CONFLICT (email) DO NOTHING
        """,
        [
          user.id, user.email, user.isEmailVerified ? 1 : 0, user.passwordHash, user.googleID,
          user.name, user.isAdmin ? 1 : 0, now, now,
        ]) == 1
    }
  }

  /// The account with this id; nil when there is none.
  package func user(id: String) async throws -> User? {
    try await reads.read { try $0.first("SELECT * FROM users WHERE id = $1", [id]).map(User.init) }
  }

  /// The account with this normalised address; nil when there is none.
  package func user(email: String) async throws -> User? {
    try await reads.read {
      try $0.first("SELECT * FROM users WHERE email = $1", [email]).map(User.init)
    }
  }

  /// The account linked with a provider's subject; nil when there is none.
  package func user(googleID: String) async throws -> User? {
    try await reads.read {
      try $0.first("SELECT * FROM users WHERE google_id = $1", [googleID]).map(User.init)
    }
  }

  /// The account of an access token, if its session still stands: in one read.
  ///
  /// - Parameter family: the session, a family of refresh tokens.
  package func user(id: String, family: String) async throws -> User? {
    try await reads.read { database in
      try database.first(
        """
        SELECT * FROM users WHERE id = $1 AND EXISTS (SELECT 1 FROM refresh_tokens
          WHERE family_id = $2 AND user_id = users.id AND revoked_at IS NULL)
        """, [id, family]
      ).map(User.init)
    }
  }

  /// Changes an account.
  ///
  /// - Returns: the account afterwards; nil when there is none, or when it would leave no operator.
  package func change(_ id: String, _ change: UserChange, now: Int) async throws -> User? {
    try await changes.write { database in
      guard let row = try database.first("SELECT * FROM users WHERE id = $1", [id]) else {
        return nil
      }
      let user = User(row: row)
      let isAdmin = change.isAdmin ?? user.isAdmin
      let isDisabled = change.isDisabled ?? user.isDisabled
      if user.isAdmin, !user.isDisabled, !isAdmin || isDisabled {
        let others = try database.number(
          "SELECT count(*) FROM users WHERE is_admin = 1 AND disabled = 0 AND id <> $1", [id])
        if others == 0 { return nil }
      }
      let quota = change.messageQuota ?? user.messageQuota
      try database.change(
        """
        UPDATE users SET name = $1, message_quota = $2, is_admin = $3, disabled = $4, updated_at = $5
        WHERE id = $6
        """,
        [
          change.name ?? user.name, quota, isAdmin ? 1 : 0, isDisabled ? 1 : 0, now, id,
        ])
      if let tier = change.planTier {
        try Self.setPlan(tier, of: user, plans: change.plans, now: now, in: database)
      }
      return try database.first("SELECT * FROM users WHERE id = $1", [id]).map(User.init)
    }
  }

  /// Sets an account's plan; the moment of a downgrade is kept, for what is older than that is not the smaller plan's to sweep.
  static func setPlan(
    _ tier: String, of user: User, plans: [String], now: Int, in database: Database
  ) throws {
    guard tier != user.planTier else { return }
    let isSmaller =
      if let before = plans.firstIndex(of: user.planTier), let after = plans.firstIndex(of: tier) {
        after < before
      } else {
        false
      }
    try database.change(
      """
      UPDATE users SET plan_tier = $1, updated_at = $2,
        downgraded_at = CASE WHEN $3 = 1 THEN $4 ELSE downgraded_at END
      WHERE id = $5
      """, [tier, now, isSmaller ? 1 : 0, now, user.id])
  }

  /// Sets a password and ends the account's sessions, all but one if given.
  package func setPassword(
    _ hash: String, of user: String, keeping family: String?, now: Int
  ) async throws {
    try await changes.write { database in
      try Self.setPassword(hash, of: user, keeping: family, now: now, in: database)
    }
  }

  static func setPassword(
    _ hash: String, of user: String, keeping family: String?, now: Int, in database: Database
  ) throws {
    try database.change(
      "UPDATE users SET password_hash = $1, updated_at = $2 WHERE id = $3", [hash, now, user])
    try endSessions(of: user, keeping: family, now: now, in: database)
    // Links that were mailed before belong to the old password.
    try database.change(
      "UPDATE reset_tokens SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL", [now, user])
  }

  /// Links an account with a provider's subject and marks its address as proved.
  ///
  /// - Parameter resetting: whether its password and sessions may be someone else's: the address was never proved before.
  /// - Returns: false when the account is linked with another subject.
  package func link(
    _ user: String, googleID: String, resetting: Bool, now: Int
  ) async throws -> Bool {
    try await changes.write { database in
      let isLinked = try database.change(
        """
        UPDATE users SET google_id = $1, email_verified = 1, updated_at = $2
        WHERE id = $3 AND (google_id IS NULL OR google_id = $4)
        """, [googleID, now, user, googleID])
      guard isLinked == 1 else { return false }
      if resetting {
        try database.change("UPDATE users SET password_hash = NULL WHERE id = $1", [user])
        try Self.endSessions(of: user, keeping: nil, now: now, in: database)
        try database.change(
          "UPDATE api_keys SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL",
          [now, user])
      }
      return true
    }
  }

  /// Accounts, newest first.
  ///
  /// - Parameter search: part of an address or a name; empty for all.
  package func users(search: String, _ page: PageRequest) async throws -> [User] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM users WHERE (created_at, id) < ($1, $2)
          AND ($3 = '' OR instr(email, $4) > 0 OR instr(folded(name), $5) > 0)
        ORDER BY created_at DESC, id DESC LIMIT $6
        """, [page.createdAt, page.id, search, search, Folding.folded(search), page.limit]
      ).map(User.init)
    }
  }

  /// Removes an account's row and, by its foreign keys, all that hangs on it.
  package func removeUser(_ id: String) async throws {
    _ = try await changes.write { try $0.change("DELETE FROM users WHERE id = $1", [id]) }
  }
}

/// Where a page of a list begins, and how long it is: newest first, by time of creation and id.
package struct PageRequest: Sendable {
  /// Only rows before this; milliseconds since 1970 UTC.
  package let createdAt: Int
  package let id: String
  package let limit: Int

  /// The first page begins after everything.
  package init(createdAt: Int = .max, id: String = "", limit: Int) {
    self.createdAt = createdAt
    self.id = id
    self.limit = limit
  }
}
