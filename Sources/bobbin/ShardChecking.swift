// bobbin shard verify and search: every byte against its checksum, and what a search finds, learn-only text included.

import App
import ArgumentParser
import Corpus
import Embedding
import Spool
import StageCommand
import Storage
import VectorShard

struct ShardVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Checks every byte of every kept generation.",
    discussion: """
      bobbin shard verify handbook, or without a name for all chatbots.
      Exit code 65 when something is damaged, with the generation that is whole.
      """)

  @Argument(help: "The chatbot's name; all without it.")
  var chatbot: String?

  @OptionGroup var common: CommonOptions

  private struct Line: Encodable {
    let chatbot: String
    let generation: Int
    let current: Bool
    let problem: String?
  }

  func run() async throws {
    let code = await Failure.code("bobbin shard verify") {
      let access = try ShardAccess(common)
      var chatbots = try await access.database.chatbots()
      if let chatbot { chatbots = [try await access.chatbot(chatbot)] }
      var damaged = false
      for row in chatbots {
        let lines = try check(row, access)
        for line in lines { try show(line) }
        let broken = lines.filter { $0.problem != nil }
        if broken.isEmpty { continue }
        damaged = true
        advise(row, lines)
      }
      return damaged ? 65 : 0
    }
    throw ExitCode(code)
  }

  private func check(_ chatbot: Chatbot, _ access: ShardAccess) throws -> [Line] {
    let directory = access.directory(of: chatbot)
    var current: Int?
    var lines: [Line] = []
    do {
      current = try ShardManifest.currentGeneration(in: directory)
      _ = try ShardManifest.current(in: directory)
    } catch {
      lines.append(
        Line(chatbot: chatbot.slug, generation: current ?? 0, current: true, problem: "\(error)"))
    }
    for generation in try ShardManifest.generations(in: directory) {
      var problem: String?
      do {
        let manifest = try ShardManifest.manifest(generation: generation, in: directory)
        for segment in try ShardSet(manifest, in: directory).segments { try segment.verify() }
      } catch {
        problem = "\(error)"
      }
      lines.append(
        Line(
          chatbot: chatbot.slug, generation: generation, current: generation == current,
          problem: problem))
    }
    return lines
  }

  private func show(_ line: Line) throws {
    if common.json {
      try printJSON(line)
    } else {
      print(
        "\(line.chatbot) generation \(line.generation)\(line.current ? " (current)" : ""): "
          + (line.problem ?? "whole"))
    }
  }

  private func advise(_ chatbot: Chatbot, _ lines: [Line]) {
    guard lines.contains(where: { $0.current && $0.problem != nil }) else { return }
    if let whole = lines.last(where: { !$0.current && $0.problem == nil }) {
      StandardStream.error.line(
        "generation \(whole.generation) is whole: bobbin shard rollback \(chatbot.slug) "
          + "\(whole.generation)")
    } else {
      StandardStream.error.line(
        "no kept generation of \(chatbot.slug) is whole: ingest its sources again, or restore "
          + "its folder from a back-up (pipelines/README.md)")
    }
  }
}

struct ShardSearch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Searches a shard by words and by meaning; shows learn-only text too.",
    discussion: """
      bobbin shard search handbook "paid leave"
      For the operator: what it prints may be private. Exit code 69 when nothing is found.
      """)

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Argument(help: "What to look for.")
  var words: String

  @Option(help: "Most rows of each search.")
  var limit = 10

  @Option(help: "A kept generation. [default: the current one]")
  var generation: Int?

  @OptionGroup var common: CommonOptions

  private struct Line: Encodable {
    let search: String
    let rank: Int
    let score: Float
    let reference: String
    let title: String
    let place: Place
    let text: String
  }

  func run() async throws {
    let code = await Failure.code("bobbin shard search") {
      let access = try ShardAccess(common)
      let set = try access.set(of: try await access.chatbot(chatbot), generation: generation)
      let limit = max(1, min(limit, 1_000))
      var lines = try lines(
        "words", try set.words.search(set.words.question(words, language: nil), count: limit), set)
      do {
        let embedder = try await LazyEmbedder(access.configuration).embedder()
        if let vector = try await embedder.embed([words]).first {
          let near = try set.nearest(
            to: vector, identity: embedder.model.identity, count: limit)
          lines += try self.lines("meaning", near, set)
        }
      } catch {
        StandardStream.error.line("bobbin shard search: by words only: \(error)")
      }
      if common.json {
        for line in lines { try printJSON(line) }
      } else if !lines.isEmpty {
        var table = SpoolTable(["SEARCH", "RANK", "SCORE", "REFERENCE", "TITLE", "TEXT"])
        for line in lines {
          let score = (line.score * 1000).rounded() / 1000
          table.add([
            line.search, "\(line.rank)", "\(score)", line.reference, line.title, line.text,
          ])
        }
        print(table.text)
      }
      if lines.isEmpty { StandardStream.error.line("nothing found") }
      return lines.isEmpty ? 69 : 0
    }
    throw ExitCode(code)
  }

  private func lines(
    _ search: String, _ hits: [ShardSet.Hit], _ set: ShardSet
  ) throws -> [Line] {
    try hits.enumerated().map { index, hit in
      let chunk = try JSONLines.decode(Chunk.self, from: try set.payload(of: hit.row))
      let text = chunk.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      return Line(
        search: search, rank: index + 1, score: hit.score,
        reference: "\(chunk.description.document.text.prefix(8)).\(chunk.ordinal)",
        title: chunk.description.title, place: chunk.place, text: String(text.prefix(100)))
    }
  }
}
