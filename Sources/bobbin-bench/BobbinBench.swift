// bobbin-bench: the parts of `make bench` that need our libraries rather than our executables. Arguments and wiring.
//
// Built only with BOBBIN_BENCH set, so that nobody pays for it who does not measure. Each subcommand prints one JSON
// object; Tests/bench holds the peers and the table.

import ArgumentParser

@main
struct BobbinBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-bench",
    abstract: "Measures the splitter, the embedder and the search, each alone.",
    subcommands: [Chunk.self, Embed.self, Search.self])

  struct Chunk: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Splits a text file again and again.")

    @Argument(help: "A UTF-8 text file.")
    var file: String

    func run() throws { print(try ChunkBench.run(file: file)) }
  }

  struct Embed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Embeds passages, then their first words as queries.")

    @Argument(help: "JSON Lines, one string a line.")
    var passages: String

    @Option(help: "The directory of the model's weights.")
    var model: String

    @Option(help: "Threads of the model.")
    var threads = 1

    func run() async throws {
      print(
        try await EmbedBench.run(
          passagesFile: passages, modelDirectory: model, threads: threads))
    }
  }

  struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Builds shards of several sizes and searches them.")

    @Option(help: "Raw little-endian f32 unit vectors.")
    var vectors: String

    @Option(help: "The same, for questions.")
    var queries: String

    @Option(help: "Where the shards are written for a moment.")
    var directory: String

    @Option(help: "Numbers in a vector.")
    var dimension = 384

    @Option(help: "Rows of each shard.")
    var sizes = "2000,20000,200000"

    @Flag(help: "Search the shard of so many rows for each number on standard input.")
    var interactive = false

    func run() throws {
      print(
        try SearchBench.run(
          arguments: [
            "--vectors", vectors, "--queries", queries, "--directory", directory,
            "--dimension", "\(dimension)", "--sizes", sizes,
          ] + (interactive ? ["--interactive"] : [])))
    }
  }
}
