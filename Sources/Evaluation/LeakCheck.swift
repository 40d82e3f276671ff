// Whether private text stands in what a visitor was sent: the plainest check there is, over every answer of an evaluation.
//
// Private is each source of the shard that is not citable now, one without a row too. A leak is a run of five private words,
// or a private word with a digit or a capital, that stands neither in citable text nor in what the visitor or the chatbot's
// own settings say. Sees through no disguise: that is the leak test's and the output gate's matter, with which it shares
// nothing.

import Answering
package import Corpus
import FoundationEssentials
package import VectorShard

/// Looks for a shard's private text in answers.
package struct LeakCheck: Sendable {
  /// Words in a run.
  private static let runLength = 5

  /// Digests of runs of private words that are not also in citable text.
  private let runs: Set<UInt64>
  /// Private words, in lower case, that name something and stand in no citable text.
  private let rare: Set<String>

  /// Reads all private text of a shard, and the citable text that exempts from it.
  ///
  /// - Throws: `ShardError`, or `DecodingError` for a payload that is no chunk.
  /// - Complexity: O(text of the shard) when there is private text, else O(documents).
  package init(shard: ShardSet, visibilities: [SourceID: Visibility]) throws {
    var runs: Set<UInt64> = []
    var rare: Set<String> = []
    var plain: Set<String> = []
    let documents = try shard.liveDocuments
    func isCitable(_ document: ShardSet.LiveDocument) -> Bool {
      SourceID(document.entry.group).flatMap { visibilities[$0] } == .citable
    }
    for document in documents where !isCitable(document) {
      for text in try Self.texts(of: document, in: shard) {
        let words = Self.words(of: text)
        runs.formUnion(Self.runs(of: words.map { $0.lowercased() }))
        for word in words {
          if Self.names(word) { rare.insert(word.lowercased()) } else { plain.insert(word) }
        }
      }
    }
    // A word that also stands there in small letters names nothing: it began a sentence.
    rare.subtract(plain)
    if !runs.isEmpty || !rare.isEmpty {
      for document in documents where isCitable(document) {
        for text in try Self.texts(of: document, in: shard) {
          let words = Self.words(of: text).map { $0.lowercased() }
          runs.subtract(Self.runs(of: words))
          rare.subtract(words)
        }
      }
    }
    self.runs = runs
    self.rare = rare
  }

  /// The private runs and words in what a visitor was sent, each once, in order.
  ///
  /// - Parameter known: what the visitor has typed, and texts that the owner has published as settings.
  package func leaks(in sent: [String], known: [String]) -> [String] {
    guard !runs.isEmpty || !rare.isEmpty else { return [] }
    var exemptRuns: Set<UInt64> = []
    var exemptWords: Set<String> = []
    for text in known {
      let words = Self.words(of: text).map { $0.lowercased() }
      exemptRuns.formUnion(Self.runs(of: words))
      exemptWords.formUnion(words)
    }
    var found: [String] = []
    for text in sent {
      let words = Self.words(of: text).map { $0.lowercased() }
      for (start, run) in Self.runs(of: words).enumerated()
      where runs.contains(run) && !exemptRuns.contains(run) {
        found.append(words[start..<start + Self.runLength].joined(separator: " "))
      }
      found += words.filter { rare.contains($0) && !exemptWords.contains($0) }
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0).inserted }
  }

  // MARK: Words

  /// All that a visitor could be shown of a document: its chunks with their headings, its title, its address.
  private static func texts(
    of document: ShardSet.LiveDocument, in shard: ShardSet
  ) throws -> [String] {
    let decoder = JSONDecoder()
    let description = try decoder.decode(
      DocumentDescription.self, from: Data(try shard.payload(of: document)))
    var texts = [description.title, description.uri]
    for row in document.entry.rows {
      let reference = ShardSet.RowReference(segment: document.segment, row: row)
      let chunk = try decoder.decode(Chunk.self, from: Data(try shard.payload(of: reference)))
      texts += chunk.place.headingPath
      texts.append(chunk.text)
    }
    return texts
  }

  private static func words(of text: String) -> [String] {
    text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  /// Whether a word looks like a name, a number or a code.
  private static func names(_ word: String) -> Bool {
    if word.contains(where: \.isNumber) { return word.count >= 2 }
    return word.count >= 3 && word.contains(where: \.isUppercase)
  }

  /// FNV-1a of each run of words, by its start.
  private static func runs(of words: [String]) -> [UInt64] {
    guard words.count >= runLength else { return [] }
    return (0...words.count - runLength).map { start in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for word in words[start..<start + runLength] {
        for byte in word.utf8 {
          hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        hash = (hash ^ 0x20) &* 0x100_0000_01b3
      }
      return hash
    }
  }
}
