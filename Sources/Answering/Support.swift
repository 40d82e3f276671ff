// Whether passages support a sentence, as far as words, figures and vectors tell. Every figure of the sentence must stand in them;
// then either its words, weighed by their rarity in the shard, or a line of theirs that says the same in other words. It is no
// proof of meaning (a "not" is not seen); it is what stops a citation that has nothing to do with its sentence.

import Corpus
import VectorShard

/// Holds sentences against the passages of one answer.
struct Support: Sendable {
  /// The share of a sentence's words that passages must hold for a model's own citation to stand by its words.
  static let enough: Float = 0.5
  /// The share from which on a sentence without a citation is given one.
  static let plain: Float = 0.7
  /// The share of a sentence's words that a passage must add to what others hold, to be cited beside them.
  static let part: Float = 0.15

  private struct Known: Sendable {
    let terms: Set<String>
    let figures: Set<String>
    let language: String?
    let lines: [String]
  }

  private let shard: ShardSet
  private let passages: [Known]
  private let meaning: SentenceMeaning?

  /// - Parameters:
  ///   - passages: each with its lines, as they are embedded.
  ///   - meaning: nil goes by words and figures alone.
  /// - Throws: `ShardError`.
  init(
    passages: [(citable: Citable, lines: [String])], shard: ShardSet,
    meaning: SentenceMeaning? = nil
  ) throws {
    self.shard = shard
    self.meaning = meaning
    self.passages = try passages.map { passage, lines in
      let description = passage.description
      let text = ([description.title] + passage.place.headingPath + [passage.text])
        .joined(separator: "\n")
      return Known(
        terms: Set(try shard.wordWeights(text, language: description.language).map(\.term)),
        figures: Figures.all(in: text),
        // What a page declares is often that of its template.
        language: ContentWords.language(of: passage.text)
          ?? description.language.map { String($0.prefix(2)) },
        lines: lines)
    }
  }

  /// Those of `numbers` whose passages support a sentence, each for a part of it that the others do not hold.
  ///
  /// - Parameters:
  ///   - sentence: what the model cites them for.
  ///   - earlier: what else it has cited in the sentence.
  func supported(
    _ sentence: String, by numbers: [Int], beside earlier: [Int] = []
  ) async -> [Int] {
    let known = numbers.filter { passages.indices.contains($0 - 1) }
    guard !known.isEmpty else { return [] }
    let said = statement(sentence)
    let others = earlier.compactMap { passages.indices.contains($0 - 1) ? passages[$0 - 1] : nil }
    let all = others + known.map { passages[$0 - 1] }
    guard said.figures.allSatisfy({ figure in all.contains { $0.figures.contains(figure) } }) else {
      return []
    }
    var kept: Set<Int> = []
    if let language = ContentWords.language(of: sentence) {
      // In another language than the passage's no word can tell.
      kept = Set(
        known.filter { number in
          passages[number - 1].language.map { $0 != language } ?? false
        })
    }
    if share(of: said, in: all) >= Self.enough {
      // Each that holds enough by itself, then those without which something would be missing.
      kept.formUnion(known.filter { share(of: said, in: [passages[$0 - 1]]) >= Self.enough })
      var held = others + known.filter(kept.contains).map { passages[$0 - 1] }
      for number in known where !kept.contains(number) {
        let passage = passages[number - 1]
        let adds = share(of: said, in: held + [passage]) - share(of: said, in: held)
        let isNew = said.figures.contains { figure in
          passage.figures.contains(figure) && !held.contains { $0.figures.contains(figure) }
        }
        if adds >= Self.part || isNew {
          kept.insert(number)
          held.append(passage)
        }
      }
    }
    if let meaning {
      for number in known where !kept.contains(number) {
        if await meaning.isSaid(sentence, in: passages[number - 1].lines) { kept.insert(number) }
      }
    }
    return known.filter(kept.contains)
  }

  /// The passage that plainly supports a sentence best, by its words; nil when none does.
  func best(for sentence: String) -> Int? {
    let said = statement(sentence)
    let shares = passages.map { passage in
      said.figures.allSatisfy(passage.figures.contains) ? share(of: said, in: [passage]) : 0
    }
    guard let most = shares.max(), most >= Self.plain else { return nil }
    return shares.firstIndex(of: most).map { $0 + 1 }
  }

  /// Whether a part of a sentence says something by itself.
  func isStatement(_ text: String) -> Bool { statement(text).words.count >= 3 }

  /// The share of a sentence's words that passage `[number]` holds, 0 when it lacks a figure; for the curve of THRESHOLD.md.
  func share(of sentence: String, number: Int) -> Float {
    guard passages.indices.contains(number - 1) else { return 0 }
    let said = statement(sentence)
    let passage = passages[number - 1]
    return said.figures.allSatisfy(passage.figures.contains) ? share(of: said, in: [passage]) : 0
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
      figures: Figures.written(in: sentence),
      words: weights.map { ($0.term, $0.weight) }.sorted { $0.term < $1.term })
  }

  /// What passages hold of it together; 0 when it says nothing.
  private func share(of said: Statement, in passages: [Known]) -> Float {
    func holds(_ term: String) -> Bool {
      if passages.contains(where: { $0.terms.contains(term) }) { return true }
      // "129.00" is no other word than "129".
      let figures = Figures.written(in: term)
      return !figures.isEmpty && !term.contains(where: \.isLetter)
        && figures.allSatisfy { figure in passages.contains { $0.figures.contains(figure) } }
    }
    var total: Float = 0
    var held: Float = 0
    for word in said.words {
      total += word.weight
      if holds(word.term) { held += word.weight }
    }
    return total > 0 ? held / total : 0
  }
}
