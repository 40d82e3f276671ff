// Base32 (RFC 4648): A to Z and 2 to 7 for five bits each. Capitals are read at every offset, as one row through the whole reply;
// each piece between spaces is read from its beginning, in small letters too.

/// Decodes base32.
struct Base32: Sendable {
  private static let phases = 8
  private static let threshold = 6

  /// One for each offset, and one for pieces.
  private var tracks: [DecodedTrack]
  private var capitals: UInt64 = 0
  private var capitalCount = 0
  private var piece: UInt64 = 0
  private var pieceCount = 0
  private var isPiece = true

  init(depth: Int) {
    tracks = (0...Self.phases).map { _ in
      DecodedTrack(.base32, threshold: Self.threshold, depth: depth)
    }
  }

  /// Takes the next ASCII character of the reply.
  @inline(__always)
  mutating func feed(_ value: UInt32, _ patterns: borrowing PrivatePatterns) -> Violation? {
    switch value {
    case 0x61...0x7A: return feed(piece: value - 0x61, patterns)
    case 0x41...0x5A: return feed(capital: value - 0x41, patterns)
    case 0x32...0x37: return feed(capital: value - 0x32 + 26, patterns)
    case 0x30...0x39:
      isPiece = false
      return nil
    default: return nil
    }
  }

  /// White space: a code may begin anew.
  mutating func endPiece() {
    pieceCount = 0
    isPiece = true
  }

  /// What would be found if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    for index in tracks.indices {
      if let found = tracks[index].settled(patterns) { return found }
    }
    return nil
  }

  private mutating func feed(
    capital value: UInt32, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    capitals = capitals << 5 | UInt64(value)
    capitalCount += 1
    var found = feed(piece: value, patterns)
    for phase in 0..<Self.phases {
      guard let byte = Self.byte(capitals, capitalCount + phase) else { continue }
      found = tracks[phase].feed(byte: byte, patterns) ?? found
    }
    return found
  }

  private mutating func feed(
    piece value: UInt32, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    guard isPiece else { return nil }
    piece = piece << 5 | UInt64(value)
    pieceCount += 1
    if pieceCount == 1 { return tracks[Self.phases].feed(byte: 0x20, patterns) }
    guard let byte = Self.byte(piece, pieceCount) else { return nil }
    return tracks[Self.phases].feed(byte: byte, patterns)
  }

  /// The five bits that a letter of either case, or a digit, stands for.
  static func quintet(_ value: UInt32) -> UInt32? {
    switch value {
    case 0x61...0x7A: value - 0x61
    case 0x41...0x5A: value - 0x41
    case 0x32...0x37: value - 0x32 + 26
    default: nil
    }
  }

  /// The byte that the last one of so many characters completes.
  @inline(__always) private static func byte(_ row: UInt64, _ count: Int) -> UInt8? {
    let rest = 5 * count & 7
    return rest < 5 ? UInt8(truncatingIfNeeded: row >> UInt64(rest)) : nil
  }
}
