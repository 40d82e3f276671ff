// What an operator does with accounts from the machine itself. Each act is noted in the audit log before it is done.

import Billing
import Corpus
import Spool
package import Storage

/// Why an act was not done.
package enum AdministrationError: Error, CustomStringConvertible {
  case noAccount(String)
  case noChatbot(String)
  case badAddress(String)
  case badPlan(String)
  case lastOperator

  package var description: String {
    switch self {
    case .noAccount(let text):
      "there is no account “\(text.prefix(80))”; `bobbin admin users` lists them"
    case .noChatbot(let text):
      "there is no chatbot “\(text.prefix(80))”; `bobbin status` lists them"
    case .badAddress(let text): "“\(text.prefix(80))” is no e-mail address"
    case .badPlan(let text):
      "“\(text.prefix(80))” is no plan: "
        + PlanTier.allCases.map(\.rawValue).joined(separator: ", ")
    case .lastOperator: "this is the last operator; make another account one first"
    }
  }

  /// Usage, as sysexits has it.
  package var exitCode: Int32 { 64 }
}

/// The acts.
package struct Administration: Sendable {
  private let database: AppDatabase
  private let publicURL: String

  package init(database: AppDatabase, publicURL: String) {
    self.database = database
    self.publicURL = publicURL
  }

  /// Makes an account if there is none, and a link to choose its password.
  package func invite(_ address: String, isOperator: Bool) async throws -> String {
    let email = address.normalizedEmail
    guard StringFormat.email.holds(email) else { throw AdministrationError.badAddress(address) }
    let now = WallClock.now()
    let new = NewUser(id: FreshID.text(now: now), email: email, name: "", passwordHash: nil)
    _ = try await database.add(new, now: now)
    guard let user = try await database.user(email: email) else {
      throw AdministrationError.noAccount(email)
    }
    try await AuditTrail(database: database).noteOnMachine(
      "user.invite", "user", user.id, ["is_admin": .bool(isOperator)])
    if isOperator {
      var change = UserChange()
      change.isAdmin = true
      _ = try await database.change(user.id, change, now: now)
    }
    let token = RandomText.urlSafe(bytes: 32)
    try await database.addMailToken(
      id: FreshID.text(now: now), user: user.id, purpose: .reset, email: email,
      hash: SHA256Digest(of: token).bytes, expiresAt: now + 30 * 60_000, now: now)
    return "\(publicURL)/reset#token=\(token)"
  }

  /// Changes an account; nil leaves a value.
  package func change(
    _ account: String, plan: String?, quota: Int?, isOperator: Bool?, isSuspended: Bool?
  ) async throws -> User {
    if let plan, PlanTier(rawValue: plan) == nil { throw AdministrationError.badPlan(plan) }
    let user = try await user(account)
    var change = UserChange()
    change.planTier = plan
    change.plans = Payments.ladder.plans
    if let quota { change.messageQuota = .some(quota < 0 ? nil : quota) }
    change.isAdmin = isOperator
    change.isDisabled = isSuspended
    var detail: [String: JSONValue] = [:]
    detail["plan_tier"] = plan.map { .string($0) }
    detail["message_quota"] = quota.map { .integer($0) }
    detail["is_admin"] = isOperator.map { .bool($0) }
    detail["disabled"] = isSuspended.map { .bool($0) }
    try await AuditTrail(database: database).noteOnMachine("user.change", "user", user.id, detail)
    guard let changed = try await database.change(user.id, change, now: WallClock.now()) else {
      throw AdministrationError.lastOperator
    }
    if changed.isDisabled { try await database.endSessions(of: user.id, now: WallClock.now()) }
    return changed
  }

  /// Gives a chatbot to an account.
  package func give(_ chatbot: String, to account: String) async throws {
    guard let row = try await database.chatbot(chatbot) else {
      throw AdministrationError.noChatbot(chatbot)
    }
    let user = try await user(account)
    try await AuditTrail(database: database).noteOnMachine(
      "chatbot.give", "chatbot", row.id.text, ["user_id": .string(user.id)])
    try await database.give(row.id, to: user.id, now: WallClock.now())
  }

  /// The first entry of the audit log that does not follow from the one before; nil when all do.
  package func brokenAuditEntry() async throws -> String? {
    try await database.brokenAuditEntry { SHA256Digest(of: $0).bytes }
  }

  private func user(_ account: String) async throws -> User {
    if let user = try await database.user(email: account.normalizedEmail) { return user }
    if let user = try await database.user(id: account) { return user }
    throw AdministrationError.noAccount(account)
  }
}
