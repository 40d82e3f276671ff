// Readings that leave words out, over quotations: what makes a private run of public text by chance, and what must not pass for it.

import Testing

@testable import AnswerGuard

@Suite struct QuotationTests {
  static let secret = "people wait behind silver doors until morning comes again"
  static let hidden = secret.split(separator: " ").map(String.init)
  /// Every second word of it is one of the private text's.
  static let quoted = interleaved(hidden, with: Disguise.fillers, [true, false])

  /// Words in the places of the pattern that are true, fillers in the others.
  static func interleaved(_ words: [String], with fillers: [String], _ pattern: [Bool]) -> String {
    var out: [String] = []
    var filler = 0
    for word in words {
      while !pattern[out.count % pattern.count] {
        out.append(fillers[filler % fillers.count])
        filler += 1
      }
      out.append(word)
    }
    return out.joined(separator: " ")
  }

  static func violation(_ reply: String, citable: [String], secret: String = secret) -> Violation? {
    LeakTests.released(
      reply,
      by: AnswerGuard(
        privateTexts: [secret], citableTexts: citable,
        vocabulary: CommonVocabulary(words: hidden + ["it", "is"]), unknownShare: nil)
    ).1
  }

  @Test func `words left out of a quotation are no run`() {
    #expect(Self.violation("It is said: \(Self.quoted).", citable: [])?.view == .everyFewWords)
    #expect(Self.violation("It is said: \(Self.quoted).", citable: [Self.quoted]) == nil)
  }

  @Test func `a quotation with one word changed is none`() {
    let words = Self.quoted.split(separator: " ").map(String.init)
    for place in stride(from: 1, to: words.count, by: 2) {
      var changed = words
      changed[place] = "orange"
      #expect(Self.violation(changed.joined(separator: " "), citable: [Self.quoted]) != nil)
    }
  }

  @Test(arguments: [
    [true, false], [false, true], [true, false, false], [true, true, false],
    [true, false, false, false], [true, true, false, false], [true, true, true, false],
    [true, true, true, true, true, false, false, false, false, false],
  ])
  func `private words between words of a quotation are found`(pattern: [Bool]) {
    // The fillers are citable text word for word, the private words are not.
    for paper in GuardFixtures.citable {
      let fillers = Checker.words(of: paper).filter { !Self.hidden.contains($0) }
      let reply = Self.interleaved(Self.hidden, with: fillers, pattern)
      #expect(Self.violation(reply, citable: [paper]) != nil)
    }
  }

  @Test func `quotations chosen word by word are found`() {
    // Each private word stands in a citable run of five, at the place that puts it four words after the one before.
    let places = [4, 3, 2, 1, 0]
    let quotations = zip(Self.hidden, places).map { word, place in
      var run = Array(Disguise.fillers.prefix(5))
      run[place] = word
      return run.joined(separator: " ")
    }
    let reply = quotations.joined(separator: " ")
    for quotation in quotations { #expect(Self.violation(quotation, citable: []) == nil) }
    #expect(Self.violation(reply, citable: quotations)?.view == .everyFewWords)
    #expect(Self.violation(reply, citable: [reply]) == nil)
  }

  @Test func `a run that begins before a quotation or ends after it is found`() {
    let words = Self.quoted.split(separator: " ").map(String.init)
    for cut in [4, 6, 8] {
      let reply = Self.quoted
      #expect(
        Self.violation(reply, citable: [words.dropFirst(cut).joined(separator: " ")]) != nil)
      #expect(Self.violation(reply, citable: [words.prefix(cut).joined(separator: " ")]) != nil)
      // Nor do two quotations make one.
      #expect(
        Self.violation(
          reply,
          citable: [
            words.dropFirst(cut).joined(separator: " "), words.prefix(cut).joined(separator: " "),
          ]) != nil)
    }
  }

  @Test func `a decoded text is no quotation`() {
    let coded = Disguise.all.filter {
      ["base64 in lines", "hexadecimal", "all reversed", "Morse"].contains($0.name)
    }
    #expect(coded.count == 4)
    for disguise in coded {
      let reply = disguise.encode(Self.secret)
      #expect(Self.violation(reply, citable: [Self.quoted]) != nil, "\(disguise.name)")
    }
  }

  @Test func `a token in a quotation with words left out is one`() {
    // "1 x 1 x 2" spells the private number, wherever it stands.
    let row = "one bolt 1 bar then 1 bar then 2 bar and so on"
    let reply = "It is 1 bar 1 bar 2 bar there."
    #expect(Self.violation(reply, citable: [row, reply], secret: "It is 112.")?.rule == .rareToken)
  }
}
