// The reply decoded: base64, base32, hexadecimal, bits, character codes, Morse, and characters that are not seen (step 2); and
// what comes out of that, up to three times.
//
// Every decoder runs all the time and reads only what looks like text. None knows where a code began: base64 and bits are
// read at every offset, and also anew in each piece, for words encoded one by one. A byte is read at the character that
// completes it, padding or not.

/// The decoders.
struct CodeViews: Sendable {
  private var base64: [DecodedTrack]
  private var base32: Base32
  private var hex: [DecodedTrack]
  private var bits: [DecodedTrack]
  private var decimal: DecodedTrack
  private var octal: DecodedTrack
  private var alphabet = Lane(isSpelled: true)
  /// Places in the alphabet again, for names too short to be looked for in a row without end.
  private var places = DecodedTrack(.characterCodes, threshold: 12, least: 4)
  private var tags = DecodedTrack(.hiddenCharacters, threshold: 1)
  private var selectors = DecodedTrack(.hiddenCharacters, threshold: 1)
  private var morse = MorseTrack()
  private var short = ShortCodes()

  private var sextets: UInt32 = 0
  private var sextetCount = 0
  private var pieceSextetCount = 0
  private var nibbles: UInt32 = 0
  private var nibbleCount = 0
  private var pieceNibbleCount = 0
  private var bitRegister: UInt32 = 0
  private var bitCount = 0
  private var pieceBitCount = 0
  private var number: UInt32 = 0
  private var digitCount = 0
  private var isOctal = true
  /// Letters in a row that are no hexadecimal digits, and letters since the last figure.
  private var plainLetters = 0
  private var lettersSinceFigure = 0

  /// So many letters end a row of codes: numbers in prose are none.
  private static let longestPause = 12

  private(set) var violation: Violation?

  /// - Parameter depth: how many more times what was decoded is decoded again.
  init(depth: Int = 2) {
    func tracks(
      _ view: Violation.View, _ count: Int, _ threshold: Int, least: Int? = nil
    ) -> [DecodedTrack] {
      (0..<count).map { _ in
        DecodedTrack(view, threshold: threshold, least: least, depth: depth)
      }
    }
    base64 = tracks(.base64, 5, 8)
    base32 = Base32(depth: depth)
    // Two figures beside each other are everybody's: "from 31 to 35" would be 15.
    hex = tracks(.hexadecimal, 2, 5) + tracks(.hexadecimal, 1, 5, least: 3)
    bits = tracks(.binary, 8, 3) + tracks(.binary, 2, 3, least: 2)
    decimal = DecodedTrack(.characterCodes, threshold: 5, least: 3, depth: depth)
    octal = DecodedTrack(.characterCodes, threshold: 5, least: 3, depth: depth)
  }

  /// Takes the next scalar of the reply, as it stands.
  mutating func feed(_ character: Unicode.Scalar, _ patterns: borrowing PrivatePatterns) {
    let scalar = character.isASCII ? character : Self.plain(character)
    note(short.feed(scalar, patterns))
    guard scalar.isASCII else {
      endNumber(patterns)
      feedHidden(scalar.value, patterns)
      note(morse.feed(scalar, patterns))
      return
    }
    feedBase64(scalar, patterns)
    note(base32.feed(scalar.value, patterns))
    feedHex(scalar, patterns)
    feedBit(scalar.value, patterns)
    if (0x30...0x39).contains(scalar.value) {
      number = digitCount < 8 ? number * 10 + scalar.value - 0x30 : .max
      digitCount += 1
      if scalar.value > 0x37 { isOctal = false }
      lettersSinceFigure = 0
    } else {
      endNumber(patterns)
      pause(scalar, patterns)
    }
    note(morse.feed(scalar, patterns))
  }

  /// A digit of any script, and full-width ASCII, as ASCII.
  static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if (0xFF01...0xFF5E).contains(scalar.value) {
      return Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
    }
    guard scalar.properties.numericType == .decimal, let digit = scalar.properties.numericValue,
      (0...9).contains(digit)
    else { return scalar }
    return Unicode.Scalar(0x30 + UInt32(digit)) ?? scalar
  }

  /// A word between codes ends them.
  private mutating func pause(_ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns) {
    guard scalar.isLetter else { return }
    lettersSinceFigure += 1
    guard lettersSinceFigure == Self.longestPause else { return }
    note(decimal.interrupt(patterns) ?? octal.interrupt(patterns))
    for index in bits.indices { note(bits[index].interrupt(patterns)) }
    alphabet.interrupt()
    note(places.interrupt(patterns))
  }

  /// White space: a code may begin anew.
  mutating func endPiece() {
    pieceSextetCount = 0
    base32.endPiece()
    pieceNibbleCount = 0
    pieceBitCount = 0
  }

  /// Looks as if the text ended here.
  mutating func settle(_ patterns: borrowing PrivatePatterns) {
    if digitCount > 0 {
      // The number may go on, so it is ended in a copy.
      var copy = self
      copy.endNumber(patterns)
      note(
        copy.violation ?? copy.decimal.settled(patterns) ?? copy.octal.settled(patterns)
          ?? copy.places.settled(patterns))
    }
    note(short.settled(patterns))
    // By their places: a copy of a track costs more than the question.
    for index in base64.indices { note(base64[index].settled(patterns)) }
    for index in hex.indices { note(hex[index].settled(patterns)) }
    for index in bits.indices { note(bits[index].settled(patterns)) }
    note(decimal.settled(patterns) ?? octal.settled(patterns) ?? places.settled(patterns))
    note(tags.settled(patterns) ?? selectors.settled(patterns))
    note(base32.settled(patterns))
    note(morse.settled(patterns))
  }

  private mutating func feedBase64(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) {
    if scalar == "=" {
      sextets <<= 6
      sextetCount += 1
      pieceSextetCount += 1
      return
    }
    guard let value = Self.sextet(scalar.value) else { return }
    sextets = sextets << 6 | value
    sextetCount += 1
    pieceSextetCount += 1
    for phase in 0..<4 { emit(sextetCount + phase, phase, patterns) }
    if pieceSextetCount == 1 { note(base64[4].feed(byte: 0x20, patterns)) }
    emit(pieceSextetCount, 4, patterns)
  }

  /// The byte that the second, third and fourth of four characters complete.
  @inline(__always)
  private mutating func emit(_ count: Int, _ track: Int, _ patterns: borrowing PrivatePatterns) {
    let byte: UInt32
    switch count & 3 {
    case 2: byte = sextets >> 4
    case 3: byte = sextets >> 2
    case 0: byte = sextets
    default: return
    }
    note(base64[track].feed(byte: UInt8(truncatingIfNeeded: byte), patterns))
  }

  static func sextet(_ value: UInt32) -> UInt32? {
    switch value {
    case 0x41...0x5A: value - 0x41
    case 0x61...0x7A: value - 0x61 + 26
    case 0x30...0x39: value - 0x30 + 52
    case 0x2B, 0x2D: 62
    case 0x2F, 0x5F: 63
    default: nil
    }
  }

  private mutating func feedHex(_ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns) {
    guard let value = Unescaper.hexValue(scalar) else {
      pieceNibbleCount = 0
      guard scalar.isLetter else { return }
      plainLetters += 1
      guard plainLetters == Self.longestPause / 2 else { return }
      for index in hex.indices { note(hex[index].interrupt(patterns)) }
      return
    }
    if value < 10 { plainLetters = 0 }
    nibbles = nibbles << 4 | value
    nibbleCount += 1
    pieceNibbleCount += 1
    let byte = UInt8(truncatingIfNeeded: nibbles)
    // Zeros between, as in U+0041 or UTF-16, are no text and no end of it.
    guard byte != 0 else { return }
    note(hex[nibbleCount & 1].feed(byte: byte, patterns))
    if pieceNibbleCount & 1 == 0 { note(hex[2].feed(byte: byte, patterns)) }
  }

  private mutating func feedBit(_ value: UInt32, _ patterns: borrowing PrivatePatterns) {
    guard value == 0x30 || value == 0x31 else {
      // Seven bits and no more are a letter, too.
      if pieceBitCount == 7 { note(bits[9].feed(bitRegister & 0x7F, patterns)) }
      pieceBitCount = 0
      return
    }
    bitRegister = bitRegister << 1 | (value & 1)
    bitCount += 1
    pieceBitCount += 1
    guard bitCount >= 8 else { return }
    let byte = UInt8(truncatingIfNeeded: bitRegister)
    note(bits[bitCount & 7].feed(byte: byte, patterns))
    if pieceBitCount & 7 == 0 { note(bits[8].feed(byte: byte, patterns)) }
  }

  /// A number may be a code point in decimal or octal, or the place of a letter in the alphabet.
  private mutating func endNumber(_ patterns: borrowing PrivatePatterns) {
    guard digitCount > 0 else { return }
    if digitCount < 7 {
      note(decimal.feed(number, patterns))
      if isOctal, let value = UInt32(String(number), radix: 8) {
        note(octal.feed(value, patterns))
      }
      if (1...26).contains(number) {
        let rule = alphabet.push(letter: 0x60 + number, patterns)
        note(rule.map { Violation(rule: $0, view: .characterCodes) })
        note(places.feed(0x60 + number, patterns))
      } else {
        note(places.interrupt(patterns))
      }
    }
    number = 0
    digitCount = 0
    isOctal = true
  }

  /// Tag characters carry ASCII, and variation selectors bytes, that nobody sees.
  private mutating func feedHidden(_ value: UInt32, _ patterns: borrowing PrivatePatterns) {
    switch value {
    case 0xE0020...0xE007E: note(tags.feed(value - 0xE0000, patterns))
    case 0xE0100...0xE01EF:
      note(selectors.feed(byte: UInt8(value - 0xE0100 + 16), patterns))
    default: break
    }
  }

  private mutating func note(_ found: Violation?) {
    if violation == nil { violation = found }
  }
}
