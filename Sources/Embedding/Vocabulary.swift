// The words of a WordPiece model: bytes to id by a hash table over the file's own text.
//
// Relies on nothing. The file is one token a line, its id the line's number from 0; continuation
// pieces begin with "##". Does not read files and does not split text: see WordPiece.

/// A token list with fast lookup by a hash that can be carried on byte by byte.
package struct Vocabulary: Sendable {
  /// How many tokens; ids are 0 ..< count.
  package let count: Int
  /// Bytes of the longest token.
  package let longest: Int
  private let bytes: [UInt8]
  /// Where token i begins in `bytes`; one more entry than tokens.
  ///
  /// A token ends before its newline.
  private let starts: [UInt32]
  /// Open addressing, a power of two and at most half full: id + 1, or 0.
  private let slots: [UInt32]

  /// Reads a vocabulary from the bytes of its file.
  /// - Returns: nil when there is no token or one occurs twice.
  package init?(_ file: [UInt8]) {
    var bytes = file
    if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
    var starts: [UInt32] = [0]
    var longest = 0
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      longest = max(longest, index - Int(starts[starts.count - 1]))
      starts.append(UInt32(truncatingIfNeeded: index + 1))
    }
    guard bytes.count > 1, bytes.count < Int(UInt32.max) else { return nil }
    let count = starts.count - 1
    var size = 1024
    while size < 2 * count { size *= 2 }
    var slots = [UInt32](repeating: 0, count: size)
    for id in 0..<count {
      let token = bytes[Int(starts[id])..<Int(starts[id + 1]) - 1]
      var hash = Vocabulary.emptyHash
      for byte in token { hash = Vocabulary.hash(hash, byte) }
      var slot = Vocabulary.slot(hash, size)
      while slots[slot] != 0 {
        let other = Int(slots[slot] - 1)
        if bytes[Int(starts[other])..<Int(starts[other + 1]) - 1].elementsEqual(token) {
          return nil
        }
        slot = (slot + 1) & (size - 1)
      }
      slots[slot] = UInt32(id + 1)
    }
    self.count = count
    self.longest = longest
    self.bytes = bytes
    self.starts = starts
    self.slots = slots
  }

  /// The hash of no bytes.
  static let emptyHash: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The hash of "##", which begins every piece but a word's first.
  static let continuationHash = hash(hash(emptyHash, sharp), sharp)

  private static let sharp = UInt8(ascii: "#")

  /// The hash with one byte more (FNV-1a).
  @inline(__always)
  static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  @inline(__always)
  private static func slot(_ hash: UInt64, _ size: Int) -> Int {
    Int(truncatingIfNeeded: hash ^ hash >> 32) & (size - 1)
  }

  /// The id of a piece of a word, whose hash the caller has already (with "##" in it when it
  /// continues one).
  @inline(__always)
  func id(hash: UInt64, of word: [UInt8], _ piece: Range<Int>, continues: Bool) -> Int32? {
    let marker = continues ? 2 : 0
    var slot = Vocabulary.slot(hash, slots.count)
    while slots[slot] != 0 {
      let id = Int(slots[slot] - 1)
      let start = Int(starts[id])
      if Int(starts[id + 1]) - 1 - start == piece.count + marker
        && (!continues || (bytes[start] == Self.sharp && bytes[start + 1] == Self.sharp))
        && matches(start + marker, word, piece)
      {
        return Int32(truncatingIfNeeded: id)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  @inline(__always)
  private func matches(_ start: Int, _ word: [UInt8], _ piece: Range<Int>) -> Bool {
    for offset in 0..<piece.count where bytes[start + offset] != word[piece.lowerBound + offset] {
      return false
    }
    return true
  }

  /// The id of a whole token.
  package func id(of token: String) -> Int32? {
    let word = Array(token.utf8)
    let hash = word.reduce(Self.emptyHash, Self.hash)
    return id(hash: hash, of: word, 0..<word.count, continues: false)
  }
}
