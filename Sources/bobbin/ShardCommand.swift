// bobbin shard: a chatbot's generations, looked at, compared, checked, searched, and moved between. Reads shards directly;
// moving is an order to bobbin-index, the only writer.

import App
import ArgumentParser
import Corpus
import FoundationEssentials
import Spool
import StageCommand
import Storage
import VectorShard

struct ShardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shard",
    abstract: "Looks at a chatbot's generations and moves between them.",
    discussion: """
      bobbin shard ls                      all chatbots
      bobbin shard diff handbook 3 4       what changed
      bobbin shard rollback handbook       answer from the generation before
      """,
    subcommands: [
      ShardList.self, ShardInfo.self, ShardVerify.self, ShardDiff.self, ShardSearch.self,
      ShardRollback.self, ShardPublish.self,
    ])
}

/// What all subcommands open: the rows, and the shard of a chatbot.
struct ShardAccess {
  let configuration: App.Configuration
  let database: AppDatabase

  init(_ common: CommonOptions) throws {
    configuration = try common.configuration()
    database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
  }

  func chatbot(_ name: String) async throws -> Chatbot {
    guard let chatbot = try await database.chatbot(name) else { throw StorageError.noChatbot(name) }
    return chatbot
  }

  func directory(of chatbot: Chatbot) -> String {
    "\(configuration.data)/shards/\(chatbot.id)"
  }

  /// The manifest of a kept generation, or of the current one.
  ///
  /// - Throws: `StageFault` (69) when there is none.
  func manifest(of chatbot: Chatbot, generation: Int?) throws -> ShardManifest {
    let directory = directory(of: chatbot)
    let kept = try ShardManifest.generations(in: directory)
    guard let wanted = try generation ?? ShardManifest.currentGeneration(in: directory),
      kept.contains(wanted)
    else {
      throw StageFault(
        kept.isEmpty
          ? "\(chatbot.slug) has no shard yet; `bobbin status \(chatbot.slug)` says why"
          : "generation \(generation ?? 0) of \(chatbot.slug) is not kept; kept are "
            + kept.map { "\($0)" }.joined(separator: ", "), exitCode: 69)
    }
    return try ShardManifest.manifest(generation: wanted, in: directory)
  }

  func set(of chatbot: Chatbot, generation: Int?) throws -> ShardSet {
    try ShardSet(
      try manifest(of: chatbot, generation: generation), in: directory(of: chatbot))
  }
}

/// One line of JSON for programs.
func printJSON(_ value: some Encodable) throws {
  print(String(decoding: try JSONLines.encode(value), as: UTF8.self))
}
