// bobbin-index: arguments and wiring of the index stage.

import ArgumentParser
import BlobStore
import IndexStage
import StageCommand

@main
struct BobbinIndex: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-index",
    abstract: "Builds shards; the only one who does.",
    discussion: """
      As a worker: bobbin-index --spool spool
      As a filter: … | bobbin-embed | bobbin-index
      builds what came in as the next generation of shards/filter in the data directory.
      """)

  @OptionGroup var options: StageOptions

  func run() async throws {
    let options = options
    let code = await StageProgram.exitCode(options, making: { try Self.stage(options) })
    if code == 0, options.spool == nil {
      let generation = try Self.stage(options).finishFilter(lane: "filter", run: "filter")
      print("generation \(generation)")
    }
    throw ExitCode(code)
  }

  private static func stage(_ options: StageOptions) throws -> IndexStage {
    IndexStage(
      data: options.dataDirectory, blobs: DirectoryBlobs(data: options.dataDirectory),
      shrinkPercent: try options.pipelineFile().number("INDEX_SHRINK_PERCENT", 30))
  }
}
