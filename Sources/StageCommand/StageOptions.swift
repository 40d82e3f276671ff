// The arguments that all five stages share, so that each executable reads the same and holds wiring only.

package import ArgumentParser
import FoundationEssentials
package import Spool

/// Arguments of a stage executable.
package struct StageOptions: ParsableArguments {
  @Option(help: "Work as a spool worker on this spool. Without it: a filter on JSON Lines.")
  package var spool: String?

  @Option(help: "The data directory. [default: $BOBBIN_DATA or var]")
  package var data: String?

  @Option(
    help: "Settings of the stages, NAME = value lines. [default: pipelines/ingest.mk if there]")
  package var pipeline: String?

  @Option(help: "Items worked on at the same time; replaces the setting.")
  package var workers: Int?

  @Flag(help: "Go on waiting for items when there are none.")
  package var watch = false

  @Flag(help: "Stop when standard input ends: whoever started this worker is gone.")
  package var untilEof = false

  @Flag(help: "Print no line per outcome.")
  package var quiet = false

  package init() {}

  /// The data directory.
  package var dataDirectory: String {
    data ?? ProcessInfo.processInfo.environment["BOBBIN_DATA"] ?? "var"
  }

  /// The pipeline's settings: the named file, else the one of this checkout, else the built-in values.
  package func pipelineFile() throws -> PipelineFile { try PipelineFile(chosen: pipeline) }
}
