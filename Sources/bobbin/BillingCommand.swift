// bobbin billing: what Stripe knows against what we know. A timer compares once a night (pipelines/systemd); a person does an
// event again after putting right what it ended at.

import App
import ArgumentParser
import Storage

struct BillingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "billing", abstract: "Payments: compare with Stripe, do events again.",
    subcommands: [BillingReconcile.self, BillingReplay.self])
}

struct BillingReconcile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract:
      "Compares all subscriptions at Stripe with the accounts, and takes over what differs.",
    discussion: """
      Says what it changed, and what a person has to look at: a plan that is paid for by nobody we know (unlinked), a
      price that is in no plan (unknown-price), a subscription that Stripe does not know (missing). Those give exit
      code 65; nobody loses a plan by them.
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin billing reconcile") {
      let result = try await BillingAccess(common).payments.reconcile {
        try BillingAccess.print($0, json: common.json)
      }
      if !common.json {
        Swift.print("\(result.compared) subscriptions compared, \(result.open) to look at")
      }
      return result.open == 0 ? 0 : 65
    }
    throw ExitCode(code)
  }
}

struct BillingReplay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Does events again: those named, or all that ended without an effect.",
    discussion: """
      bobbin billing replay evt_1PqX…
      An event that never came here is asked for at Stripe, which keeps them for 30 days. Doing one again is harmless:
      it reads its subscription as it is now.
      """)

  @Argument(help: "Events, by Stripe's ids.")
  var events: [String] = []

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin billing replay") {
      var count = 0
      try await BillingAccess(common).payments.replay(events) { line in
        count += 1
        try BillingAccess.print(line, json: common.json)
      }
      if count == 0, !common.json { Swift.print("no event to do again") }
      return 0
    }
    throw ExitCode(code)
  }
}

/// Payments of the command line.
private struct BillingAccess {
  let payments: Payments

  init(_ common: CommonOptions) throws {
    let configuration = try common.configuration()
    payments = try Payments(
      configuration, database: AppDatabase(path: "\(configuration.data)/bobbin.sqlite"))
  }

  static func print(_ line: Payments.Line, json: Bool) throws {
    if json { return try printJSON(line) }
    var words = [line.event, line.outcome, line.subscription].compactMap { $0 }
    if let account = line.account { words.append("account \(account)") }
    if let status = line.status {
      let before = line.status_before.flatMap { $0 == status ? nil : "\($0) → " } ?? ""
      words.append("status \(before)\(status)")
    }
    if let plan = line.plan {
      words.append("plan \(line.plan_before.map { "\($0) → " } ?? "")\(plan)")
    }
    Swift.print(words.joined(separator: "  "))
  }
}
