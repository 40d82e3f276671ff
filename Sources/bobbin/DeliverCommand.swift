// bobbin deliver: sends what owners' CRMs are to be told. The server does the same by itself; a timer does it where the server
// must not reach out.

import App
import ArgumentParser
import Spool
import Storage

struct DeliverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliver", abstract: "Sends leads to chatbots' CRMs.",
    discussion: """
      bobbin deliver --once
      Senders share the outbox: a server and any number of these never send a message at the same
      time. What is not taken is tried again when it is due (5 s to 24 h), by whoever runs then.
      """)

  @Flag(help: "Send what is due now, then end. Without it: go on until Ctrl-C.")
  var once = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    throw ExitCode(await Failure.code("bobbin deliver") { try await deliver() })
  }

  private func deliver() async throws -> Int32 {
    let configuration = try common.configuration()
    let database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    let sender = try DeliverySender.standalone(configuration, database)
    guard once else {
      await sender.run { StandardStream.error.line("bobbin deliver: \($0)") }
      return 0
    }
    let summary = try await sender.drain()
    if common.json {
      try printJSON(summary)
    } else {
      print("sent \(summary.sent), to be tried again \(summary.failed), given up \(summary.dead)")
    }
    return 0
  }
}
