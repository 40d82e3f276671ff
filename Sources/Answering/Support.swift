// Whether passages support a sentence, as far as words, figures and vectors tell. Every figure of the sentence must stand in them;
// then either its words, weighed by their rarity in the citable text, or a line of theirs that says the same in other words. It is no
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

  private let words: ShardWords
  private let passages: [Known]
  private let meaning: SentenceMeaning?

  /// - Parameters:
  ///   - passages: each with its lines, as they are embedded.
  ///   - meaning: nil goes by words and figures alone.
  init(
    passages: [(citable: Citable, lines: [String])], words: ShardWords,
    meaning: SentenceMeaning? = nil
  ) {
    self.words = words
    self.meaning = meaning
    self.passages = passages.map { passage, lines in
      let description = passage.description
      let text = ([description.title] + passage.place.headingPath + [passage.text])
        .joined(separator: "\n")
      let language = ContentWords.language(of: passage.text)
      return Known(
        terms: Set(words.terms(of: text, language: description.language)),
        figures: Figures.all(in: text, language: language),
        // What a page declares is often that of its template.
        language: language ?? description.language.map { String($0.prefix(2)) },
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
    let candidates = known.map { (number: $0, passage: passages[$0 - 1]) }
    guard said.areFiguresHeld(by: others + candidates.map(\.passage)) else { return [] }
    var kept = Kept(said: said, held: others)
    // Each that has all figures and holds enough by itself.
    let isEnough = share(of: said, in: others + candidates.map(\.passage)) >= Self.enough
    for (number, passage) in candidates
    where isEnough && said.areFiguresHeld(by: [passage])
      && share(of: said, in: [passage]) >= Self.enough
    {
      kept.add(number, passage)
    }
    // Then those without which something would be missing, the one that adds most first.
    while isEnough {
      let added = candidates.filter { !kept.numbers.contains($0.number) }.map { candidate in
        (
          candidate: candidate, figures: kept.newFigures(in: candidate.passage),
          words: share(of: said, in: kept.held + [candidate.passage])
            - share(of: said, in: kept.held)
        )
      }
      let most = added.filter { $0.figures > 0 || $0.words >= Self.part }
        .max { ($0.figures, $0.words) < ($1.figures, $1.words) }
      guard let most else { break }
      kept.add(most.candidate.number, most.candidate.passage)
    }
    // What no word can tell: a passage in another language, or one that says it in other words. Its figures tell still.
    let untold = candidates.filter { !kept.numbers.contains($0.number) }
      .sorted { said.figuresHeld(by: $0.passage) > said.figuresHeld(by: $1.passage) }
    let language = ContentWords.language(of: sentence)
    let isSaid = await meaning?.isSaid(sentence, in: untold.map(\.passage.lines))
    for (index, (number, passage)) in untold.enumerated()
    where said.areFiguresHeld(by: [passage]) || kept.newFigures(in: passage) > 0 {
      let isForeign = language.map { passage.language ?? $0 != $0 } ?? false
      if isForeign || isSaid?[index] == true { kept.add(number, passage) }
    }
    guard said.areFiguresHeld(by: kept.held) else { return [] }
    return known.filter(kept.numbers.contains)
  }

  /// What of a mark's numbers stands so far.
  private struct Kept {
    let said: Statement
    /// Passages that hold a part of it, those cited before too.
    var held: [Known]
    var numbers: Set<Int> = []

    mutating func add(_ number: Int, _ passage: Known) {
      numbers.insert(number)
      held.append(passage)
    }

    /// How many figures of the statement a passage has that no other has.
    func newFigures(in passage: Known) -> Int {
      said.figures.count { figure in
        passage.figures.contains(figure) && !held.contains { $0.figures.contains(figure) }
      }
    }
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

    func figuresHeld(by passage: Known) -> Int { figures.count(where: passage.figures.contains) }

    /// Whether each figure stands in one of the passages.
    func areFiguresHeld(by passages: [Known]) -> Bool {
      figures.allSatisfy { figure in passages.contains { $0.figures.contains(figure) } }
    }
  }

  private func statement(_ sentence: String) -> Statement {
    // A damaged shard supports nothing.
    let weights =
      (try? words.question(ContentWords.text(of: sentence), language: nil).weights) ?? []
    return Statement(
      figures: Figures.said(in: sentence, language: ContentWords.language(of: sentence)),
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
