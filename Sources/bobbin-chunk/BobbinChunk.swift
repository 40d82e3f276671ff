// bobbin-chunk: arguments and wiring of the chunk stage.

import ArgumentParser
import ChunkStage
import Embedding
import StageCommand

@main
struct BobbinChunk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-chunk",
    abstract: "Cuts documents into chunks with their places.",
    discussion: """
      As a worker: bobbin-chunk --spool spool
      As a filter: … | bobbin-extract | bobbin-chunk | jq -r .text
      """)

  @OptionGroup var options: StageOptions

  @Option(help: "Most Unicode scalars of a chunk.")
  var size = 1000

  @Option(help: "Unicode scalars that neighbouring chunks share.")
  var overlap = 200

  func validate() throws {
    guard size >= 1, overlap >= 0, overlap < size else {
      throw ValidationError("--overlap must be at least 0 and smaller than --size")
    }
  }

  func run() async throws {
    await StageProgram.run(options) {
      let tokenizer = try MiniLM.loadTokenizer(
        directory: "\(options.dataDirectory)/\(MiniLM.directoryName)")
      return ChunkStage(
        chunker: Chunker(
          size: size, overlap: overlap, maxTokens: MiniLM.model.maxTokens,
          countTokens: { tokenizer.encode($0).count }))
    }
  }
}
