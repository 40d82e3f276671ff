// Whether the sources of approved guidance still say what they said: looked at whenever a chatbot has another generation.

import Corpus
import Spool
import Storage
import VectorShard

/// Sends guidance back to its owner when its source has changed.
actor GuidanceReview {
  private let data: String
  private let database: AppDatabase
  /// What was looked at last, by chatbot: the generation, and which lines with which digests.
  private var seen: [ChatbotID: String] = [:]

  init(data: String, database: AppDatabase) {
    self.data = data
    self.database = database
  }

  /// Looks at every chatbot that has another generation, or other lines, than at the last call.
  ///
  /// - Throws: the first trouble with a shard, when all others have been looked at.
  func run() async throws {
    let lines = Dictionary(grouping: try await database.approvedLines(), by: \.chatbot)
    var trouble: (any Error)?
    for (chatbot, lines) in lines {
      do {
        try await look(at: lines, of: chatbot)
      } catch {
        trouble = trouble ?? error
      }
    }
    if let trouble { throw trouble }
  }

  private func look(at lines: [ApprovedLine], of chatbot: ChatbotID) async throws {
    let data = data
    guard
      let generation = try await BlockingWork.run({
        try ShardManifest.currentGeneration(in: "\(data)/shards/\(chatbot)")
      })
    else { return }
    let state = "\(generation) " + lines.map { "\($0.id) \($0.sourceDigest ?? "")" }.joined()
    guard seen[chatbot] != state else { return }
    var changed: [String] = []
    for line in lines {
      let digest = try await Self.digest(of: line.source, in: chatbot, data: data)
      if digest != line.sourceDigest { changed.append(line.id) }
    }
    if !changed.isEmpty {
      try await database.reviewGuidance(changed, now: WallClock.now())
    }
    seen[chatbot] = state
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
