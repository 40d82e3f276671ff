// bobbin-bench: the parts of `make bench` that need our libraries rather than our executables. Arguments and wiring.
//
// Built only with BOBBIN_BENCH set, so that nobody pays for it who does not measure. Each subcommand prints one JSON
// object; Tests/bench holds the peers and the table.

import ArgumentParser

@main
struct BobbinBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-bench",
    abstract: "Measures the splitter, the embedder, the search, answers and the spool, each alone.",
    subcommands: [
      Chunk.self, Embed.self, Search.self, Retrieval.self, Gate.self, SpoolThroughput.self,
      Recovery.self, Work.self,
    ])

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

  struct Retrieval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "answers-retrieval",
      abstract: "Finds passages in the shard of so many rows for each number on standard input.")

    @Option(help: "JSON Lines, one string a line: the chunks.")
    var chunks: String

    @Option(help: "Raw little-endian f32 unit vectors, a row a chunk.")
    var vectors: String

    @Option(help: "JSON Lines, one string a line.")
    var questions: String

    @Option(help: "The directory of the model's weights.")
    var model: String

    @Option(help: "Where the shards are written for a moment.")
    var directory: String

    @Option(help: "Rows of each shard, with commas.")
    var sizes = "2000,20000,200000"

    func run() async throws {
      try await RetrievalBench.run(
        .init(
          chunks: chunks, vectors: vectors, questions: questions, model: model,
          directory: directory, sizes: try BobbinBench.numbers(sizes)))
    }
  }

  struct Gate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "answers-gate", abstract: "Puts a reply through the output gate.")

    @Option(help: "A text whose first words are the private passages.")
    var secret: String

    @Option(help: "A text whose beginning is the citable passages and the reply.")
    var citable: String

    @Argument(help: "Lists of words that are no secret.")
    var words: [String]

    func run() throws {
      print(try GateBench.run(.init(secret: secret, citable: citable, words: words)))
    }
  }

  struct SpoolThroughput: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "spool", abstract: "Sends items through an empty stage.")

    @Argument(help: "JSON Lines, one string a line: the records' texts.")
    var texts: String

    @Option(help: "Where the spools are made for a moment; on a disk.")
    var folder: String

    @Option(help: "Records an item, with commas.")
    var batch = "1,16,256"

    @Option(help: "Items settled together, with commas; 1 is without group commit.")
    var group = "1,32"

    @Option(help: "Items of each case.")
    var items = 1_000

    @Option(help: "Items worked on at the same time.")
    var workers = 2

    func run() async throws {
      print(
        try await SpoolBench.run(
          .init(texts: texts, folder: folder, items: items, workers: workers),
          sizes: try BobbinBench.numbers(batch), groups: try BobbinBench.numbers(group)))
    }
  }

  struct Recovery: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "spool-recover",
      abstract: "Kills a worker and times the next one's first claim, again and again.")

    @Argument(help: "JSON Lines, one string a line: the records' texts.")
    var texts: String

    @Option(help: "Where the spool is made; for a moment; on a disk.")
    var folder: String

    @Option(help: "Items that wait at each start.")
    var items = 10_000

    @Option(help: "Items worked on at the same time.")
    var workers = 2

    @Option(help: "Kills.")
    var rounds = 5

    func run() throws {
      print(
        try SpoolRecovery.run(
          .init(texts: texts, folder: folder, items: items, workers: workers), rounds: rounds))
    }
  }

  struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "spool-work", abstract: "The worker that spool-recover kills.",
      shouldDisplay: false)

    @Option(help: "The spool.")
    var spool: String

    @Option(help: "Items worked on at the same time.")
    var workers = 2

    func run() async throws { try await SpoolRecovery.work(spool: spool, workers: workers) }
  }

  /// Whole numbers from 1, separated by commas.
  private static func numbers(_ text: String) throws -> [Int] {
    let numbers = text.split(separator: ",").compactMap { Int($0) }.filter { $0 >= 1 }
    guard !numbers.isEmpty else { throw ValidationError("\(text): expected numbers from 1") }
    return numbers
  }
}
