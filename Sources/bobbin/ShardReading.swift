// bobbin shard ls, info and diff: what stands in a shard's directory.

import App
import ArgumentParser
import Corpus
import Spool
import StageCommand
import Storage
import VectorShard

struct ShardList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "One line a chatbot: its generations, documents, rows and bytes.")

  @OptionGroup var common: CommonOptions

  private struct Line: Encodable {
    let chatbot: String
    let current: Int?
    let documents: Int
    let rows: Int
    let bytes: Int
    let generations: [Int]
    let held: [Int]
    let problem: String?
  }

  func run() async throws {
    let code = await Failure.code("bobbin shard ls") {
      let access = try ShardAccess(common)
      var table = SpoolTable(
        ["CHATBOT", "CURRENT", "DOCUMENTS", "ROWS", "BYTES", "KEPT", "HELD", ""],
        rightAligned: [1, 2, 3, 4])
      for chatbot in try await access.database.chatbots() {
        let line = Self.line(chatbot, in: access.directory(of: chatbot))
        if common.json {
          try printJSON(line)
          continue
        }
        table.add([
          line.chatbot, line.current.map { "\($0)" } ?? "-", "\(line.documents)", "\(line.rows)",
          Spelling.bytes(line.bytes), line.generations.map { "\($0)" }.joined(separator: " "),
          line.held.map { "\($0)" }.joined(separator: " "), line.problem ?? "",
        ])
      }
      if !common.json {
        print(table.isEmpty ? "no chatbot yet: bobbin ingest NAME FILE…" : table.text)
      }
      return 0
    }
    throw ExitCode(code)
  }

  private static func line(_ chatbot: Chatbot, in directory: String) -> Line {
    do {
      let current = try ShardManifest.current(in: directory)
      return Line(
        chatbot: chatbot.slug, current: current?.generation,
        documents: current?.documentCount ?? 0, rows: current?.rowCount ?? 0,
        bytes: current?.segments.reduce(0) { $0 + $1.bytes } ?? 0,
        generations: try ShardManifest.generations(in: directory),
        held: try ShardManifest.held(in: directory), problem: nil)
    } catch {
      // The others are still listed; verify says more.
      return Line(
        chatbot: chatbot.slug, current: nil, documents: 0, rows: 0, bytes: 0,
        generations: (try? ShardManifest.generations(in: directory)) ?? [], held: [],
        problem: "\(error)")
    }
  }
}

struct ShardInfo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "A generation: its model, segments and documents.",
    discussion: "bobbin shard info handbook --generation 3 --all")

  /// Documents listed where not all are asked for.
  private static let mostDocuments = 20

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Option(help: "A kept generation. [default: the current one]")
  var generation: Int?

  @Flag(help: "Every document.")
  var all = false

  @OptionGroup var common: CommonOptions

  private struct Info: Encodable {
    struct Document: Encodable {
      let document: String
      let title: String
      let uri: String
      let chunks: Int
    }

    let manifest: ShardManifest
    let documents: [Document]
  }

  func run() async throws {
    let code = await Failure.code("bobbin shard info") {
      let access = try ShardAccess(common)
      let row = try await access.chatbot(chatbot)
      let set = try access.set(of: row, generation: generation)
      let documents = try set.liveDocuments.map { live in
        let description = try JSONLines.decode(
          DocumentDescription.self, from: try set.payload(of: live))
        return Info.Document(
          document: live.entry.id, title: description.title, uri: description.uri,
          chunks: live.entry.rows.count)
      }.sorted { ($0.title, $0.document) < ($1.title, $1.document) }
      if common.json {
        try printJSON(Info(manifest: set.manifest, documents: documents))
      } else {
        print(text(set.manifest, documents))
      }
      return 0
    }
    throw ExitCode(code)
  }

  private func text(_ manifest: ShardManifest, _ documents: [Info.Document]) -> String {
    var lines = [
      "generation \(manifest.generation)"
        + (manifest.base.map { ", built from generation \($0)" } ?? "") + ", run \(manifest.run)",
      "\(manifest.documentCount) documents, \(manifest.rowCount) rows, "
        + "\(manifest.identity), \(manifest.dimension) numbers a vector",
    ]
    for segment in manifest.segments {
      lines.append(
        "  segment \(segment.digest.prefix(12))  \(segment.rows) rows  "
          + "\(Spelling.bytes(segment.bytes))  \(segment.deletedDocuments.count) deleted documents")
    }
    var table = SpoolTable(["DOCUMENT", "CHUNKS", "TITLE"], rightAligned: [1])
    let shown = all ? documents[...] : documents.prefix(Self.mostDocuments)
    for document in shown {
      table.add([document.document, "\(document.chunks)", document.title])
    }
    lines.append(table.text)
    if shown.count < documents.count {
      lines.append("… and \(documents.count - shown.count) more: --all")
    }
    return lines.joined(separator: "\n")
  }
}

struct ShardDiff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "What changed between two generations, by document.",
    discussion: "bobbin shard diff handbook 3 4")

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Argument(help: "The earlier generation.")
  var from: Int

  @Argument(help: "The later one.")
  var to: Int

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin shard diff") {
      let access = try ShardAccess(common)
      let row = try await access.chatbot(chatbot)
      let difference = GenerationDifference(
        from: try GenerationDocuments.all(in: try access.set(of: row, generation: from)),
        to: try GenerationDocuments.all(in: try access.set(of: row, generation: to)))
      if common.json {
        try printJSON(DifferenceText.Lists(difference))
      } else {
        print(DifferenceText(difference).text)
      }
      return 0
    }
    throw ExitCode(code)
  }
}

/// A difference of generations for people and for programs.
struct DifferenceText {
  struct Lists: Encodable {
    let added: [String]
    let removed: [String]
    let changed: [String]
    let unchanged_count: Int

    init(_ difference: GenerationDifference) {
      added = difference.added.map(\.document.text)
      removed = difference.removed.map(\.document.text)
      changed = difference.changed.map(\.document.text)
      unchanged_count = difference.unchangedCount
    }
  }

  let difference: GenerationDifference

  init(_ difference: GenerationDifference) { self.difference = difference }

  var text: String {
    let parts = [("+", difference.added), ("-", difference.removed), ("~", difference.changed)]
    var lines = parts.flatMap { mark, documents in
      documents.map { "\(mark) \($0.title.isEmpty ? $0.uri : $0.title)  (\($0.document))" }
    }
    lines.append(
      "\(difference.added.count) added, \(difference.removed.count) removed, "
        + "\(difference.changed.count) changed, \(difference.unchangedCount) unchanged")
    return lines.joined(separator: "\n")
  }
}
