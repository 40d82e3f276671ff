// A model's text with its citations put right while it streams: marks of passages that do not support their sentence are taken
// out, a sentence without one that a passage plainly supports is given one.
//
// Holds back white space after a sentence and what may still become a mark; text goes on as it comes. The same text in other
// pieces gives the same result.

/// Puts the citations of a stream of text right.
struct CitedText {
  private var marks: CitationMarks
  private let support: Support
  /// The words of the sentence that is being written.
  private var sentence = ""
  /// Those of them that came after its last mark.
  private var clause = ""
  /// Numbers that the sentence was given.
  private var marked: [Int] = []
  /// A sentence has ended; what follows decides whether a mark still comes.
  private var isOver = false
  /// White space after the end, held back until it is known what follows.
  private var space = ""
  /// The sentence is a block of code: it may be cited below, and is given no mark of ours.
  private var isBlock = false
  /// What is said when nothing was found, which has no citation; letters and digits alone.
  private let noAnswer: String

  init(passageCount: Int, support: Support, noAnswerText: String = "") {
    marks = CitationMarks(passageCount: passageCount)
    self.support = support
    noAnswer = Self.plain(noAnswerText)
  }

  /// Takes the next piece and gives what may go on.
  mutating func feed(_ piece: String) async -> String {
    var shown = ""
    for part in marks.parts(piece) { await take(part, &shown) }
    return shown
  }

  /// What is left when the text is over.
  mutating func finish() async -> String {
    var shown = ""
    for part in marks.lastParts() { await take(part, &shown) }
    endSentence(&shown)
    shown += space
    space = ""
    return shown
  }

  private mutating func take(_ part: CitationMarks.Part, _ shown: inout String) async {
    switch part {
    case .marks(let numbers, let isSpaced):
      let supported = await supported(numbers)
      clause = ""
      guard !supported.isEmpty else { return }
      marked += supported
      // Beside a fence it would be a part of it.
      shown += isBlock ? (space.isEmpty ? "\n" : space) : isSpaced || !space.isEmpty ? " " : ""
      space = ""
      shown += supported.map { "[\($0)]" }.joined()
    case .text(let scalar):
      if isOver {
        if scalar.properties.isWhitespace {
          space.unicodeScalars.append(scalar)
          return
        }
        goOn(before: scalar, &shown)
      } else if scalar == "\n" {
        isOver = true
        space.unicodeScalars.append(scalar)
        return
      }
      append(scalar, &shown)
      if SentenceEnds.isEnd(scalar) { isOver = true }
    case .code(let scalar, let isBlock):
      if isOver { goOn(before: scalar, &shown) }
      self.isBlock = isBlock
      append(scalar, &shown)
    }
  }

  private mutating func append(_ scalar: Unicode.Scalar, _ shown: inout String) {
    sentence.unicodeScalars.append(scalar)
    clause.unicodeScalars.append(scalar)
    shown.unicodeScalars.append(scalar)
  }

  /// Decides, where a sentence seemed to be over, whether it was.
  private mutating func goOn(before scalar: Unicode.Scalar, _ shown: inout String) {
    // A dot within a number or a name ends nothing.
    if space.isEmpty, !Self.isCloser(scalar) {
      isOver = SentenceEnds.isEnd(scalar)
    } else if !space.isEmpty {
      if space.unicodeScalars.contains("\n") || SentenceEnds.isOver(sentence, before: scalar) {
        endSentence(&shown)
      } else {
        // An abbreviation's full stop.
        sentence += space
        clause += space
        isOver = false
      }
      shown += space
      space = ""
    }
  }

  /// Those of a mark's numbers that stand: for what was said since the last mark, or when that says nothing by itself for the
  /// whole sentence, beside what it cites already.
  private func supported(_ numbers: [Int]) async -> [Int] {
    if clause != sentence, support.isStatement(clause) {
      return await support.supported(clause, by: numbers)
    }
    return await support.supported(sentence, by: numbers, beside: marked)
  }

  private mutating func endSentence(_ shown: inout String) {
    // A heading, a word alone, a row of a table or "not found" is no statement.
    if marked.isEmpty, !isBlock, !sentence.hasPrefix("|"),
      noAnswer.isEmpty || !noAnswer.contains(Self.plain(sentence)),
      sentence.split(separator: " ").count >= 4 || sentence.unicodeScalars.count >= 24,
      let number = support.best(for: sentence)
    {
      shown += " [\(number)]"
    }
    (sentence, clause, marked, isOver, isBlock) = ("", "", [], false, false)
  }

  /// Letters and digits alone, without marks.
  static func plain(_ text: String) -> String {
    String(
      text.lowercased().replacing(#/\[[0-9]{1,3}\]/#, with: "").filter {
        $0.isLetter || $0.isNumber
      })
  }

  private static func isCloser(_ scalar: Unicode.Scalar) -> Bool {
    "\"'”’»)]*_".unicodeScalars.contains(scalar)
  }

  /// The numbers of the marks that stand in a text, in order of first use.
  static func numbers(in text: String) -> [Int] {
    var found: [Int] = []
    for match in text.matches(of: #/\[([0-9]{1,3})\]/#) {
      if let number = Int(match.1), !found.contains(number) { found.append(number) }
    }
    return found
  }
}
