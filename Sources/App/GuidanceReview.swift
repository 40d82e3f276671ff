// Whether the sources of approved guidance still say what they said: looked at whenever a chatbot has another generation.

import Corpus
import Spool
import Storage
import VectorShard

/// Sends guidance back to its owner when its source has changed.
actor GuidanceReview {
  private let data: String
  private let database: AppDatabase
  /// The generation that was looked at last, by chatbot.
  private var seen: [ChatbotID: Int] = [:]

  init(data: String, database: AppDatabase) {
    self.data = data
    self.database = database
  }

  /// Looks at every chatbot that has another generation than at the last call.
  func run() async throws {
    let lines = Dictionary(grouping: try await database.approvedLines(), by: \.chatbot)
    for (chatbot, lines) in lines {
      let data = data
      guard
        let generation = try await BlockingWork.run({
          try ShardManifest.currentGeneration(in: "\(data)/shards/\(chatbot)")
        }), seen[chatbot] != generation
      else { continue }
      var changed: [String] = []
      for line in lines {
        let digest = try await Self.digest(of: line.source, in: chatbot, data: data)
        if digest != line.sourceDigest { changed.append(line.id) }
      }
      if !changed.isEmpty {
        try await database.reviewGuidance(changed, now: WallClock.now())
      }
      seen[chatbot] = generation
    }
  }

  /// A digest of what a source's documents say in the live generation; nil when it has none there.
  static func digest(
    of source: SourceID, in chatbot: ChatbotID, data: String
  ) async throws -> String? {
    try await BlockingWork.run {
      guard let shard = try ShardSet.open(directory: "\(data)/shards/\(chatbot)") else {
        return nil
      }
      var digests: [String] = []
      for document in try shard.liveDocuments where document.entry.group == source.text {
        let description = try JSONLines.decode(
          DocumentDescription.self, from: try shard.payload(of: document))
        digests.append("\(document.entry.id) \(description.textDigest)")
      }
      guard !digests.isEmpty else { return nil }
      return SHA256Digest(of: digests.sorted().joined(separator: "\n")).shortName
    }
  }
}
