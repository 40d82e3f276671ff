// bobbin-embed: arguments and wiring of the embed stage.

import ArgumentParser
import BlobStore
import EmbedStage
import Embedding
import FoundationEssentials
import StageCommand
import WebClient

@main
struct BobbinEmbed: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-embed",
    abstract: "Gives each chunk its vector.",
    discussion: """
      As a worker: bobbin-embed --spool spool
      As a filter: … | bobbin-chunk | bobbin-embed | jq .row

      The model is all-MiniLM-L6-v2 in this process (`make model`), or with
      BOBBIN_EMBEDDING_BASE_URL an OpenAI-compatible server.
      """)

  @OptionGroup var options: StageOptions

  @Option(help: "Threads of the model in this process.")
  var threads = 2

  func run() async throws {
    await StageProgram.run(options) {
      EmbedStage(
        blobs: DirectoryBlobs(data: options.dataDirectory),
        cache: EmbeddingCache(data: options.dataDirectory), embedder: try await embedder())
    }
  }

  private func dimension(_ text: String) throws -> Int {
    if text.isEmpty { return 1536 }
    guard let number = Int(text), (1...16_384).contains(number) else {
      throw ValidationError(
        "BOBBIN_EMBEDDING_DIMENSION=\(text): expected a whole number from 1 to 16384")
    }
    return number
  }

  private func embedder() async throws -> Embedder {
    let environment = ProcessInfo.processInfo.environment
    guard let base = environment["BOBBIN_EMBEDDING_BASE_URL"], !base.isEmpty else {
      let directory = "\(options.dataDirectory)/\(MiniLM.directoryName)"
      // Once a process, before a shard is made with them: 85 ms of CPU.
      try MiniLM.verify(directory: directory)
      return try MiniLM.load(directory: directory, threads: max(1, threads))
    }
    return try await RemoteEmbedder.make(
      base: base, key: environment["OPENAI_API_KEY"],
      model: environment["BOBBIN_EMBEDDING_MODEL"] ?? "text-embedding-3-small",
      dimension: try dimension(environment["BOBBIN_EMBEDDING_DIMENSION"] ?? ""),
      transport: .curl(.configured))
  }
}
