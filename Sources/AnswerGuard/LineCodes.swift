// A code that is given line by line, as a numbered list or a table: "1. 83", "| 2 | 117 |", "3. .-".
//
// The numbers of the lines stand between the codes and end every row of them. So the last figure of each line, or the last word of
// one that begins with a number or a bullet, is read again by decoders of its own, as if it stood alone; and Morse without
// numbers and bullets. Lines of prose give nothing.

/// Reads what lines of lists end with.
struct LineCodes: Sendable {
  /// A longer piece is a code by itself.
  private static let longest = 24

  private var codes = CodeViews(depth: 1)
  private var morse = MorseTrack()
  /// The piece that is being read, and what is in it.
  private var piece: [Unicode.Scalar] = []
  private var hasDigit = false
  private var hasLetter = false
  /// Pieces of the line so far, and those of them that are Morse.
  private var pieceCount = 0
  private var morseCount = 0
  /// Whether the line begins with a number or a bullet; the piece, if it is nothing else.
  private var isListed = false
  private var marker: [Unicode.Scalar] = []
  /// What the line is read as so far, and whether that has a figure.
  private var chosen: [Unicode.Scalar] = []
  private var isFigure = false

  private(set) var violation: Violation?

  /// Takes the next scalar of the reply.
  @inline(__always)
  mutating func feed(_ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns) {
    switch scalar {
    case "a"..."z", "A"..."Z":
      hasLetter = true
      append(scalar)
    case "0"..."9":
      hasDigit = true
      append(scalar)
    case "\n", "\r":
      endPiece(scalar, patterns)
      endLine(patterns)
    case " ", "\t", "|", ":", "=", "(", ")", ">": endPiece(scalar, patterns)
    case _ where scalar.isASCII: append(scalar)
    case _ where scalar.isSpace: endPiece(scalar, patterns)
    default: feedBeyondASCII(scalar)
    }
  }

  /// Looks as if the text ended here.
  mutating func settle(_ patterns: borrowing PrivatePatterns) {
    guard !piece.isEmpty || !chosen.isEmpty || !marker.isEmpty || morseCount > 0 else { return }
    var copy = self
    copy.endPiece("\n", patterns)
    copy.endLine(patterns)
    violation = copy.violation
  }

  private mutating func feedBeyondASCII(_ scalar: Unicode.Scalar) {
    let plain = CodeViews.plain(scalar)
    if (0x30...0x39).contains(plain.value) { hasDigit = true }
    append(plain)
  }

  @inline(__always) private mutating func append(_ scalar: Unicode.Scalar) {
    // One more than the longest: then it is known to be too long.
    if piece.count <= Self.longest { piece.append(scalar) }
  }

  private mutating func endPiece(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) {
    guard !piece.isEmpty else { return }
    defer {
      piece.removeAll(keepingCapacity: true)
      (hasDigit, hasLetter) = (false, false)
    }
    pieceCount += 1
    if pieceCount == 1, isMarker(endedBy: scalar) {
      isListed = true
      marker = piece
      return
    }
    guard hasDigit || hasLetter else {
      if piece.allSatisfy({ MorseTrack.bit($0) != nil }) { feedMorse(patterns) }
      return
    }
    guard piece.count <= Self.longest, hasDigit || isListed && !isFigure else { return }
    chosen = piece
    isFigure = hasDigit
  }

  /// A number with a mark after it, or a bullet.
  private func isMarker(endedBy scalar: Unicode.Scalar) -> Bool {
    guard hasDigit else {
      return piece.count == 1 && "-*+•–·".unicodeScalars.contains(piece[0])
    }
    let digits = piece.last == "." ? piece.dropLast() : piece[...]
    return (digits.count < piece.count || scalar == ")" || scalar == ":")
      && digits.allSatisfy { (0x30...0x39).contains($0.value) }
  }

  private mutating func feedMorse(_ patterns: borrowing PrivatePatterns) {
    morseCount += 1
    for mark in piece { note(morse.feed(mark, patterns)) }
    note(morse.feed(" ", patterns))
  }

  private mutating func endLine(_ patterns: borrowing PrivatePatterns) {
    // A line of one letter is a part of a word.
    if morseCount > 1 { note(morse.feed("\n", patterns)) }
    if morseCount > 0 { note(morse.settled(patterns)) }
    if chosen.isEmpty, pieceCount == 1 { chosen = marker }
    if !chosen.isEmpty {
      for scalar in chosen { codes.feed(scalar, patterns) }
      codes.feed(" ", patterns)
      codes.endPiece()
      codes.settle(patterns)
      note(codes.violation)
    }
    chosen.removeAll(keepingCapacity: true)
    marker.removeAll(keepingCapacity: true)
    (pieceCount, morseCount, isListed, isFigure) = (0, 0, false, false)
  }

  private mutating func note(_ found: Violation?) {
    if violation == nil { violation = found }
  }
}
