// A text that was made from the reply, decoded or stripped: its words, read by a lane.

/// A made text and its reading.
struct Track: Sendable {
  let view: Violation.View
  private var reader = WordReader()
  private(set) var lane: Lane
  /// Tokens that are no longer stand here by chance: ordinary words are base32, too, and figures when they are turned.
  private let common: Int

  init(_ view: Violation.View) {
    self.init(view, common: view == .base32 || view == .rot47 ? 3 : 0)
  }

  private init(_ view: Violation.View, common: Int) {
    self.view = view
    lane = Lane(isLeet: view == .leet)
    self.common = common
  }

  /// The secret in a short text.
  ///
  /// - Parameter common: tokens that are no longer are everybody's here.
  static func token(
    in text: some Sequence<Unicode.Scalar>, view: Violation.View, common: Int,
    _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    var track = Track(view, common: common)
    for scalar in text {
      if let found = track.feed(scalar, patterns) { return found }
    }
    return track.endWord(patterns)
  }

  /// Takes the next scalar of the made text.
  @inline(__always)
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    guard let word = reader.feed(scalar) else { return nil }
    return push(word, patterns)
  }

  /// Ends the word that is open.
  mutating func endWord(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard let word = reader.finish() else { return nil }
    return push(word, patterns)
  }

  /// What it would find if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard reader.isInWord else { return nil }
    var copy = self
    return copy.endWord(patterns)
  }

  /// Forgets what came before.
  mutating func interrupt() {
    reader = WordReader()
    lane.interrupt()
  }

  private mutating func push(_ word: Word, _ patterns: borrowing PrivatePatterns) -> Violation? {
    lane.find(word, patterns, common: common).map { Violation(rule: $0.rule, view: view) }
  }
}

/// A decoder's output, read only while it looks like text: most of what decodes by chance does not.
struct DecodedTrack: Sendable {
  private var track: Track
  /// How many scalars in a row must look like text before they are read.
  private let threshold: Int
  /// How many letters a secret must have to be looked for in fewer scalars, once they are all; nil for never.
  private let least: Int?
  private var held: [Unicode.Scalar] = []
  private var isReading = false
  /// The bytes of a UTF-8 sequence that has begun, and how many are missing.
  private var sequence: UInt32 = 0
  private var missing = 0
  /// How many more times what was decoded may be a code, and its reading as one, made when there is something to read.
  private let depth: Int
  private var inner: [CodeViews] = []

  init(_ view: Violation.View, threshold: Int, least: Int? = nil, depth: Int = 0) {
    track = Track(view)
    self.threshold = threshold
    self.least = least
    self.depth = depth
  }

  /// Takes a decoded byte of UTF-8.
  @inline(__always)
  mutating func feed(byte: UInt8, _ patterns: borrowing PrivatePatterns) -> Violation? {
    let value = UInt32(byte)
    switch value {
    case 0..<0x80:
      missing = 0
      return feed(value, patterns)
    case 0x80..<0xC0 where missing > 0:
      sequence = sequence << 6 | (value & 0x3F)
      missing -= 1
      return missing == 0 ? feed(sequence, patterns) : nil
    case 0xC3..<0xF5:
      missing = value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3
      sequence = value & (0x3F >> UInt32(missing))
      return nil
    default:
      missing = 0
      return interrupt(patterns)
    }
  }

  /// Takes a decoded code point.
  @inline(__always)
  mutating func feed(_ value: UInt32, _ patterns: borrowing PrivatePatterns) -> Violation? {
    guard Self.isText(value), let scalar = Unicode.Scalar(value) else {
      return interrupt(patterns)
    }
    if isReading { return read(scalar, patterns) }
    held.append(scalar)
    guard held.count >= threshold else { return nil }
    isReading = true
    var found: Violation?
    for scalar in held { found = read(scalar, patterns) ?? found }
    held.removeAll(keepingCapacity: true)
    return found
  }

  private mutating func read(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    let found = track.feed(scalar, patterns)
    guard depth > 0 else { return found }
    if inner.isEmpty { inner = [CodeViews(depth: depth - 1)] }
    inner[0].feed(scalar, patterns)
    if scalar.isSpace { inner[0].endPiece() }
    return found ?? inner[0].violation
  }

  /// What it would find if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard isReading else { return short(patterns) }
    if let found = track.settled(patterns) { return found }
    guard var last = inner.first else { return nil }
    last.settle(patterns)
    return last.violation
  }

  /// The secret in a text too short to be believed, as "52 56 50 49" for 4821.
  private func short(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard let least, held.count >= least else { return nil }
    return Track.token(in: held, view: track.view, common: least - 1, patterns)
  }

  /// Ends the text, with its last word.
  @inline(__always)
  mutating func interrupt(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard isReading || !held.isEmpty else { return nil }
    guard isReading else {
      defer { held.removeAll(keepingCapacity: true) }
      return short(patterns)
    }
    let found = settled(patterns)
    isReading = false
    track.interrupt()
    inner.removeAll()
    return found
  }

  /// Letters, digits, spaces and the marks that stand in sentences.
  @inline(__always) private static func isText(_ value: UInt32) -> Bool {
    switch value {
    case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x20, 0x0A, 0x0D, 0x09: true
    case 0x21, 0x22, 0x23, 0x26...0x2F, 0x3A, 0x3B, 0x3F, 0x40, 0x5B, 0x5D, 0x5F: true
    case 0x7B, 0x7C, 0x7D, 0x60, 0x3C, 0x3E, 0x3D, 0x24, 0x25, 0x5C, 0x7E, 0x2A: true
    default:
      value >= 0xA0 && Unicode.Scalar(value)?.isSpace == false || value == 0xA0
    }
  }
}
