// bobbin admin: the operator's accounts from a terminal on the machine itself, where being able to write the database is the
// privilege. What it does stands in the audit log like what is done over HTTP.

import App
import ArgumentParser
import Spool
import Storage

struct AdminCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "Everybody's accounts, chatbots, work and talks; privileges.",
    subcommands: [
      AdminUsers.self, AdminList.self, AdminShow.self, AdminInvite.self, AdminChange.self,
      AdminGive.self, AdminAudit.self,
    ])
}

struct AdminUsers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users", abstract: "Lists accounts, newest first.")

  @Argument(help: "Part of an address or a name.")
  var search = ""

  @Option(help: "At most so many.")
  var limit = 100

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin admin users") {
      let users = try await AdminAccess(common).database
        .users(search: search.lowercased(), PageRequest(limit: limit))
      if common.json {
        for user in users { try printJSON(UserLine(user)) }
      } else if users.isEmpty {
        print("no account")
      } else {
        let width = users.map(\.email.count).max() ?? 0
        for user in users {
          let marks = [
            user.isAdmin ? "operator" : nil, user.isDisabled ? "suspended" : nil,
            user.isEmailVerified ? nil : "unproved",
          ].compactMap { $0 }
          let address = user.email + String(repeating: " ", count: width - user.email.count)
          print("\(user.id)  \(address)  \(user.planTier)  \(marks.joined(separator: ", "))")
        }
      }
      return 0
    }
    throw ExitCode(code)
  }
}

struct AdminInvite: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invite", abstract: "Makes an account and prints the link to choose its password.",
    discussion: """
      bobbin admin invite ada@example.com --operator
      The link works once, for 30 minutes; for an account that is there it is a new one.
      """)

  @Argument(help: "The address.")
  var email: String

  @Flag(name: .customLong("operator"), help: "The account sees and may do everything.")
  var isOperator = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin admin invite") {
      let access = try AdminAccess(common)
      let link = try await access.administration.invite(email, isOperator: isOperator)
      print(link)
      return 0
    }
    throw ExitCode(code)
  }
}

struct AdminChange: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "change", abstract: "Changes an account's plan, quota, privilege or suspension.",
    discussion: "bobbin admin change ada@example.com --plan pro --quota 5000")

  @Argument(help: "The account's address or id.")
  var account: String

  @Option(help: "free, pro or enterprise.")
  var plan: String?

  @Option(help: "Messages a period; -1 goes back to the plan's.")
  var quota: Int?

  @Flag(inversion: .prefixedNo, help: "Whether it is an operator.")
  var `operator`: Bool?

  @Flag(
    inversion: .prefixedNo, help: "Whether it is suspended: nobody signs in, its chatbots stop.")
  var suspend: Bool?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin admin change") {
      let user = try await AdminAccess(common).administration.change(
        account, plan: plan, quota: quota, isOperator: `operator`, isSuspended: suspend)
      if common.json { try printJSON(UserLine(user)) } else { print("\(user.email) changed") }
      return 0
    }
    throw ExitCode(code)
  }
}

struct AdminGive: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "give",
    abstract: "Gives a chatbot, such as one made by bobbin ingest, to an account.")

  @Argument(help: "The chatbot's name or id.")
  var chatbot: String

  @Argument(help: "The account's address or id.")
  var account: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin admin give") {
      try await AdminAccess(common).administration.give(chatbot, to: account)
      print("\(chatbot) belongs to \(account) now")
      return 0
    }
    throw ExitCode(code)
  }
}

struct AdminAudit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Shows what was done with privileges, and checks that no row is missing.")

  @Option(help: "At most so many.")
  var limit = 50

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin admin audit") {
      let access = try AdminAccess(common)
      let entries = try await access.database.auditLog(PageRequest(limit: limit))
      for entry in entries {
        if common.json {
          try printJSON(AuditLine(entry))
        } else {
          print(
            "\(entry.at)  \(entry.actor) \(entry.actorID ?? "-")  \(entry.action)  "
              + "\(entry.object) \(entry.objectID ?? "-")  \(entry.detail)")
        }
      }
      guard let broken = try await access.administration.brokenAuditEntry() else { return 0 }
      StandardStream.error.line(
        "bobbin admin audit: the log was changed at entry \(broken) or before it; compare with a back-up"
      )
      return 65
    }
    throw ExitCode(code)
  }
}

private struct UserLine: Encodable {
  let id, email, name, plan_tier: String
  let message_quota: Int?
  let email_verified, is_admin, disabled: Bool

  init(_ user: User) {
    id = user.id
    email = user.email
    name = user.name
    plan_tier = user.planTier
    message_quota = user.messageQuota
    email_verified = user.isEmailVerified
    is_admin = user.isAdmin
    disabled = user.isDisabled
  }
}

private struct AuditLine: Encodable {
  let id, actor, action, object, detail: String
  let actor_id, object_id: String?
  let at: Int

  init(_ entry: AuditEntry) {
    id = entry.id
    at = entry.at
    actor = entry.actor
    actor_id = entry.actorID
    action = entry.action
    object = entry.object
    object_id = entry.objectID
    detail = entry.detail
  }
}

/// The database of the command line.
struct AdminAccess {
  let database: AppDatabase
  let administration: Administration
  let view: OperatorView

  init(_ common: CommonOptions) throws {
    let configuration = try common.configuration()
    database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    administration = Administration(database: database, publicURL: configuration.publicURL)
    view = OperatorView(configuration, database: database)
  }
}
