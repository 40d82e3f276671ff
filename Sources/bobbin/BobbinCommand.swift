// bobbin: the operator's command. Arguments and wiring; each subcommand in a file of its name.

import App
import ArgumentParser
import FoundationEssentials

@main
struct BobbinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin",
    abstract: "Turns documents into a chatbot that answers with citations.",
    discussion: """
      Exit codes: 0 done, 1 below a minimum (eval), 64 usage, 65 some documents did not come
      through, 69 no answer found, 70 bug, 74 I/O, 75 not yet (run again), 78 configuration.
      """,
    subcommands: [
      IngestCommand.self, AskCommand.self, EvalCommand.self, LeakTestCommand.self,
      ServeCommand.self,
      PipelineCommand.self,
      StatusCommand.self, ReportCommand.self, RecrawlCommand.self, DeliverCommand.self,
      SpoolCommand.self,
      TraceCommand.self, ShardCommand.self, SweepCommand.self, AdminCommand.self,
      BillingCommand.self, KeysCommand.self, RoutesCommand.self, DoctorCommand.self,
    ])
}

/// Options that every subcommand has.
struct CommonOptions: ParsableArguments {
  @Option(help: "The data directory. [default: $BOBBIN_DATA or var]")
  var data: String?

  @Option(help: "The spool's directory. [default: $BOBBIN_SPOOL or spool]")
  var spool: String?

  @Flag(help: "JSON instead of text.")
  var json = false

  /// Settings from the environment, replaced by what was given as an option.
  func configuration() throws -> App.Configuration {
    var configuration = try App.Configuration()
    if let data { configuration.data = data }
    if let spool { configuration.spool = spool }
    try FileManager.default.createDirectory(
      atPath: configuration.data, withIntermediateDirectories: true)
    return configuration
  }
}
