// Whether a passage supports a sentence, as far as words and figures tell: the sentence's words, weighed by their rarity in the
// shard, must stand in the passage, and every figure in it must. It is no proof of meaning; it is what stops a citation that
// has nothing to do with its sentence.

import Corpus
import VectorShard

/// Holds sentences against the passages of one answer.
struct Support {
  /// The share of a sentence's words that a passage must hold for a model's own citation to stand.
  static let enough: Float = 0.5
  /// The share from which on a sentence without a citation is given one.
  static let plain: Float = 0.7

  private struct Known {
    let terms: Set<String>
    let figures: Set<String>
    let language: String?
  }

  private let shard: ShardSet
  private let passages: [Known]

  /// - Throws: `ShardError`.
  init(passages: [Citable], shard: ShardSet) throws {
    self.shard = shard
    self.passages = try passages.map { passage in
      let text = ([passage.description.title] + passage.place.headingPath + [passage.text])
        .joined(separator: "\n")
      return Known(
        terms: Set(try shard.wordWeights(text, language: passage.description.language).map(\.term)),
        figures: Set(Self.figures(in: text)),
        language: passage.description.language.map { String($0.prefix(2)) }
          ?? ContentWords.language(of: passage.text))
    }
  }

  /// Those of `numbers` whose passages support `sentence`.
  func supported(_ sentence: String, by numbers: [Int]) -> [Int] {
    guard !numbers.isEmpty else { return [] }
    let said = statement(sentence)
    let language = ContentWords.language(of: sentence)
    return numbers.filter { number in
      guard let passage = passages.indices.contains(number - 1) ? passages[number - 1] : nil else {
        return false
      }
      // In another language than the passage's no word can tell.
      if let language, let own = passage.language, language != own { return true }
      return share(of: said, in: passage) >= Self.enough
    }
  }

  /// The passage that plainly supports a sentence best; nil when none does.
  func best(for sentence: String) -> Int? {
    let said = statement(sentence)
    let shares = passages.map { share(of: said, in: $0) }
    guard let most = shares.max(), most >= Self.plain else { return nil }
    return shares.firstIndex(of: most).map { $0 + 1 }
  }

  /// The share of a sentence's words that passage `[number]` holds; for the curve of THRESHOLD.md.
  func share(of sentence: String, number: Int) -> Float {
    passages.indices.contains(number - 1)
      ? share(of: statement(sentence), in: passages[number - 1]) : 0
  }

  /// What a sentence says, as far as it is compared.
  private struct Statement {
    let figures: [String]
    /// In a fixed order: sums of Float depend on it.
    let words: [(term: String, weight: Float)]
  }

  private func statement(_ sentence: String) -> Statement {
    // A damaged shard supports nothing.
    let weights = (try? shard.wordWeights(ContentWords.text(of: sentence), language: nil)) ?? []
    return Statement(
      figures: Self.figures(in: sentence),
      words: weights.map { ($0.term, $0.weight) }.sorted { $0.term < $1.term })
  }

  /// 0 when a figure of the sentence is missing, or when it says nothing.
  private func share(of said: Statement, in passage: Known) -> Float {
    guard said.figures.allSatisfy(passage.figures.contains) else { return 0 }
    var total: Float = 0
    var held: Float = 0
    for word in said.words {
      total += word.weight
      if passage.terms.contains(word.term) { held += word.weight }
    }
    return total > 0 ? held / total : 0
  }

  /// Numbers as digits: "1,250.50" is 125050, "30 days" is 30.
  private static func figures(in text: String) -> [String] {
    text.split { !$0.isNumber && $0 != "." && $0 != "," }
      .map { String($0.filter(\.isNumber)) }.filter { !$0.isEmpty }
  }
}
