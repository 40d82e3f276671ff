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
    let stage = IndexStage(
      data: options.dataDirectory, blobs: DirectoryBlobs(data: options.dataDirectory))
    let code = await StageProgram.run(stage, options)
    if code == 0, options.spool == nil {
      print("generation \(try stage.finishFilter(lane: "filter", run: "filter"))")
    }
    throw ExitCode(code)
  }
}
