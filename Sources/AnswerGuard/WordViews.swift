// The readings of the reply's own words: in order, without numbers, by regular places, by first and last letters, and by
// where lines and sentences begin (step 3).

/// All readings of the words of a reply.
struct WordViews: Sendable {
  private(set) var plain = Lane()
  private var withoutNumbers = Lane()
  private var byWords = PeriodicLanes()
  private var byPieces = PeriodicLanes()
  private var firstLetters = Lane(isSpelled: true)
  private var lastLetters = Lane(isSpelled: true)
  private var columns = ColumnLanes()
  private var lineStarts = EdgeLanes()
  private var lineEnds = EdgeLanes()
  private var sentenceStarts = EdgeLanes()
  private var numberWords = NumberWords()
  private var withNumbers = Lane()
  /// With every number in words as a figure, and the other with those alone that are of several words.
  private var withFigures = Lane()

  private var reply = ReplyWords()
  private var piece: [PlacedWord] = []
  /// The last word of the line, and the last that is no number.
  private var lineEnd: (any: Word?, plain: Word?) = (nil, nil)

  private(set) var violation: Violation?

  /// Takes the next word.
  mutating func push(_ word: Word, _ patterns: borrowing PrivatePatterns) {
    note(plain.push(word, patterns), .plain)
    let placed = reply.push(word, patterns)
    note(byWords.push(CollectionOfOne(placed), in: reply, patterns), .everyFewWords)
    note(columns.push(placed, in: reply, patterns), .columns)
    note(lineStarts.pushFirst(word, patterns), .lineStarts)
    note(sentenceStarts.pushFirst(word, patterns), .sentenceStarts)
    lineEnd.any = word
    if !word.isNumber {
      lineEnd.plain = word
      note(withoutNumbers.push(word, patterns), .withoutNumbers)
      if let first = word.letters.first, let last = word.letters.last {
        note(firstLetters.push(letter: first, patterns), .firstLetters)
        note(lastLetters.push(letter: last, patterns), .lastLetters)
      }
    }
    for spoken in numberWords.feed(word) { push(spoken, patterns) }
    piece.append(placed)
    if piece.count >= Word.longest { endPiece(patterns) }
  }

  private mutating func push(_ spoken: SpokenWord, _ patterns: borrowing PrivatePatterns) {
    if !spoken.isExtra { note(withNumbers.push(spoken.plain, patterns), .numberWords) }
    let common = spoken.isSmall ? spoken.figure.letters.count : 0
    let found = withFigures.find(spoken.figure, patterns, common: common)
    note(found?.rule, .numberWords)
  }

  /// White space: the words since the last one are a piece, and marks alone are one without words.
  mutating func endPiece(_ patterns: borrowing PrivatePatterns) {
    note(byPieces.push(piece, in: reply, patterns), .everyFewPieces)
    piece.removeAll(keepingCapacity: true)
  }

  /// A mark that ends a cell of a table.
  mutating func endCell(_ patterns: borrowing PrivatePatterns) {
    columns.endCell(in: reply, patterns)
  }

  mutating func endLine(_ patterns: borrowing PrivatePatterns) {
    note(lineEnds.pushLast(lineEnd.any, lineEnd.plain, patterns), .lineEnds)
    lineEnd = (nil, nil)
    lineStarts.begin()
    columns.endLine()
  }

  mutating func endSentence() { sentenceStarts.begin() }

  /// Looks as if the text ended here: at the number in words that is open, the line and the piece.
  mutating func settle(_ patterns: borrowing PrivatePatterns) {
    var numbers = self
    for spoken in numbers.numberWords.finish() { numbers.push(spoken, patterns) }
    violation = numbers.violation
    var ends = lineEnds
    note(ends.pushLast(lineEnd.any, lineEnd.plain, patterns), .lineEnds)
    if !piece.isEmpty {
      var lanes = byPieces
      note(lanes.push(piece, in: reply, patterns), .everyFewPieces)
    }
  }

  private mutating func note(_ rule: Violation.Rule?, _ view: Violation.View) {
    if let rule, violation == nil { violation = Violation(rule: rule, view: view) }
  }
}
