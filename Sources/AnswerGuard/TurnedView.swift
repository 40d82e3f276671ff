// The reply with all printable signs of ASCII but the space turned half-way round: ROT47.
//
// Turned, ordinary words are figures and capitals ("bad" is 325). So pieces are read only where some of them have marks within, as
// nearly all have that were turned, and tokens of up to three letters are everybody's. A figure that turns into letters alone
// ("cgaf") is a word like others: a known gap.

/// Reads ROT47.
struct TurnedView: Sendable {
  /// A piece without white space that is longer is looked at in parts.
  private static let longestPiece = 64
  /// The last pieces among which there must be some with marks, and how many.
  private static let reach: UInt8 = 0b11111
  private static let leastMarked = 2

  private var track = Track(.rot47)
  private var piece: [Unicode.Scalar] = []
  /// For the last pieces, the last one lowest: whether it has a mark within.
  private var marked: UInt8 = 0
  private var isIdle = true

  /// Takes the next scalar of the reply.
  @inline(__always)
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    guard !scalar.isSpace, piece.count < Self.longestPiece else { return end(scalar, patterns) }
    piece.append(scalar)
    return nil
  }

  /// What it would find if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    guard !piece.isEmpty else { return nil }
    var copy = self
    return copy.end(" ", patterns)
  }

  private mutating func end(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    let isPart = !scalar.isSpace
    defer {
      piece.removeAll(keepingCapacity: true)
      if isPart { piece.append(scalar) }
    }
    guard !piece.isEmpty else { return nil }
    marked = marked << 1 | (hasMark ? 1 : 0)
    guard marked & Self.reach != 0 else {
      if !isIdle { track.interrupt() }
      isIdle = true
      return nil
    }
    isIdle = false
    var found: Violation?
    for scalar in piece { found = track.feed(Self.turned(scalar), patterns) ?? found }
    if !isPart { found = track.feed(" ", patterns) ?? found }
    guard let found else { return nil }
    let isLikely =
      marked & 1 == 1 || (marked & Self.reach).nonzeroBitCount >= Self.leastMarked
    return isLikely ? found : nil
  }

  /// Whether a mark stands within the piece: those at its ends are any sentence's.
  private var hasMark: Bool {
    let inner = piece.drop(while: Self.isEdge)
    guard let last = inner.lastIndex(where: { !Self.isEdge($0) }) else { return false }
    return inner[...last].contains { Self.isMark($0) }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: false
    case 0x21...0x7E: true
    default: false
    }
  }

  private static func isEdge(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case ".", ",", ";", ":", "!", "?", "\"", "'", "(", ")": true
    default: false
    }
  }

  private static func turned(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    guard (33...126).contains(scalar.value) else { return scalar }
    return Unicode.Scalar(UInt8(33 + (scalar.value - 33 + 47) % 94))
  }
}
