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
  private var lineStarts = EdgeLanes()
  private var lineEnds = EdgeLanes()
  private var sentenceStarts = EdgeLanes()
  private var numberWords = NumberWords()
  private var withNumbers = Lane()

  private var reply = ReplyWords()
  private var piece: [PlacedWord] = []
  /// The last word of the line, and the last that is no number.
  private var lineEnd: (any: Word?, plain: Word?) = (nil, nil)

  private(set) var violation: Violation?

  /// Takes the next word.
  mutating func push(_ word: Word, _ patterns: borrowing PrivatePatterns) {
    note(plain.push(word, patterns), .plain)
    let placed = reply.push(word)
    note(byWords.push(CollectionOfOne(placed), in: reply, patterns), .everyFewWords)
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
    for word in numberWords.feed(word) { note(withNumbers.push(word, patterns), .numberWords) }
    piece.append(placed)
    if piece.count >= Word.longest { endPiece(patterns) }
  }

  /// White space: the words since the last one are a piece, and marks alone are one without words.
  mutating func endPiece(_ patterns: borrowing PrivatePatterns) {
    note(byPieces.push(piece, in: reply, patterns), .everyFewPieces)
    piece.removeAll(keepingCapacity: true)
  }

  mutating func endLine(_ patterns: borrowing PrivatePatterns) {
    note(lineEnds.pushLast(lineEnd.any, lineEnd.plain, patterns), .lineEnds)
    lineEnd = (nil, nil)
    lineStarts.begin()
  }

  mutating func endSentence() { sentenceStarts.begin() }

  /// Looks as if the text ended here: at the number in words that is open, the line and the piece.
  mutating func settle(_ patterns: borrowing PrivatePatterns) {
    var numbers = numberWords
    var lane = withNumbers
    for word in numbers.finish() { note(lane.push(word, patterns), .numberWords) }
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
