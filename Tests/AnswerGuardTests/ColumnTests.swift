// Fillers at regular places up to twelve apart, and tables read by columns; and what is left of a quotation by such readings.

import Testing

@testable import AnswerGuard

@Suite struct ColumnTests {
  private static let secret =
    "The owner of the harbour plans to sell the western jetty to the town in spring and staff may waive it."
  private static let words = Disguise.pieces(secret)
  private static let gate = AnswerGuard(
    privateTexts: [secret], citable: [],
    vocabulary: CommonVocabulary(words: words).union(GuardFixtures.vocabulary))

  private static func interleaved(_ words: [String], period: Int, kept: Int, start: Int) -> String {
    let pattern = (0..<period).map { ($0 + period - start) % period < kept }
    return QuotationTests.interleaved(words, with: Disguise.fillers, pattern)
  }

  @Test(arguments: 5...12)
  func `private words at regular places are found`(period: Int) {
    for kept in 1...4 {
      for start in [0, 1, period - 1] {
        let text = Self.interleaved(Self.words, period: period, kept: kept, start: start)
        let (shown, violation) = LeakTests.released(
          "So it is said here. " + text + ".", by: Self.gate)
        #expect(violation != nil && !shown.contains("harbour plans"), "\(kept): \(text)")
        // Ended at the fifth private word at the latest.
        #expect(!shown.contains("plans"))
      }
    }
  }

  @Test func `words between the same fillers are found`() {
    for fillers in ["and so it goes", "and so it goes on and on with us here"] {
      let text = Self.words.map { "\($0) \(fillers)" }.joined(separator: " ")
      #expect(Self.gate.violation(in: "", adding: text) != nil)
      // Pieces with marks in them, and marks that are pieces.
      let marked = Self.words.map { "\($0) - well-known, and so it goes, don't you see" }
      #expect(Self.gate.violation(in: "", adding: marked.joined(separator: " ")) != nil)
    }
  }

  @Test func `letters at regular places are found`() {
    for name in ["Velomaris", "siramolev", "FALCON16"] {
      for period in 5...12 {
        let gate = AnswerGuard(
          privateTexts: ["Velomaris has FALCON-16."], citable: [],
          vocabulary: GuardFixtures.vocabulary)
        let text = Self.interleaved(name.map(String.init), period: period, kept: 1, start: 2)
        #expect(gate.violation(in: "", adding: "\(text).") != nil, "\(text)")
      }
    }
    let spelled = Self.interleaved(
      Self.words.joined().prefix(24).map { $0.lowercased() }, period: 7, kept: 1, start: 3)
    #expect(Self.gate.violation(in: "", adding: spelled + ".") != nil)
  }

  /// Rows of cells, one private word a row in the column.
  private static func table(_ cells: [String], columns: Int, column: Int, _ mark: String) -> String
  {
    cells.enumerated().map { row, cell in
      let others = (0..<columns).map { Disguise.fillers[($0 + row) % 7] + " \(row)" }
      var all = others
      all[column] = cell
      let line = all.joined(separator: mark)
      return mark == "\t" ? line : "| \(line) |"
    }.joined(separator: "\n") + "\n"
  }

  @Test(arguments: 2...8) func `a private text down a column is found`(columns: Int) {
    for column in 0..<columns {
      for mark in [" | ", "|", "\t"] {
        let text =
          "| a | b |\n|---|---|\n" + Self.table(Self.words, columns: columns, column: column, mark)
        #expect(Self.gate.violation(in: "", adding: text) != nil, "\(text)")
        // Several words in a cell.
        let pairs = stride(from: 0, to: Self.words.count - 1, by: 2).map {
          "\(Self.words[$0]) \(Self.words[$0 + 1])"
        }
        let wide = Self.table(pairs, columns: columns, column: column, mark)
        #expect(Self.gate.violation(in: "", adding: wide) != nil, "\(wide)")
      }
    }
    // No pipe before the first cell, and rows of unequal length.
    let bare = Self.words.enumerated().map { row, word in
      "its \(word)|" + Disguise.fillers.prefix([3, 1, 4, 2, 6][row % 5]).joined(separator: " ")
    }.joined(separator: "\n")
    #expect(
      AnswerGuard(
        privateTexts: [Self.words.map { "its \($0)" }.joined(separator: " ")], citable: [],
        vocabulary: GuardFixtures.vocabulary, unknownShare: nil
      ).violation(in: "", adding: bare)?.view == .columns)
  }

  @Test func `a name spelled down a column is found and a table of prices passes`() {
    let gate = AnswerGuard(
      privateTexts: ["Velomaris sells the Heron, the Badger and the Magpie from here."],
      citable: [], vocabulary: GuardFixtures.vocabulary)
    let spelled = Self.table("Velomaris".map(String.init), columns: 5, column: 2, " | ")
    #expect(gate.violation(in: "", adding: spelled) != nil)
    let prices = """
      | Model | Price | Weight | Range |
      |---|---|---|---|
      | Heron | 3,990 euros | 32 kg | 80 km |
      | Badger | 5,990 euros | 58 kg | 60 km |
      | Magpie | 2,990 euros | 24 kg | none |

      All of them can be had at the shop; the tab\tand the bar | are marks.
      """
    #expect(LeakTests.released(prices, by: gate) == (prices, nil))
  }

  @Test func `words left out of a quotation are no run however far they are apart`() {
    for period in [5, 8, 12] {
      let quoted = Self.interleaved(QuotationTests.hidden, period: period, kept: 1, start: 2)
      #expect(
        QuotationTests.violation("It is said: \(quoted).", citable: [])?.view == .everyFewWords)
      #expect(QuotationTests.violation("It is said: \(quoted).", citable: [quoted]) == nil)
      let words = quoted.split(separator: " ").map(String.init)
      var changed = words
      changed[words.count / 2] = "orange"
      #expect(QuotationTests.violation(changed.joined(separator: " "), citable: [quoted]) != nil)
    }
  }
}
