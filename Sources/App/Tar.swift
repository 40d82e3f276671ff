// The archive a chatbot travels in: POSIX ustar (IEEE Std 1003.1, pax), plain files only. The names are ours and short, so no
// extension is needed; `tar tvf` shows it. A library would bring links, devices and sparse files that must all be refused.

import FoundationEssentials

/// Headers of members.
enum Tar {
  static let blockLength = 512

  /// The header of a plain file, and how many bytes fill its last block.
  static func header(name: String, byteCount: Int) -> (block: [UInt8], padding: Int) {
    var block = [UInt8](repeating: 0, count: blockLength)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() where offset + index < blockLength {
        block[offset + index] = byte
      }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    put(name, at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(byteCount, 11), at: 124)
    // No clock: the same chatbot gives the same archive.
    put(octal(0, 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\u{0}00", at: 257)
    let sum = block.reduce(0) { $0 + Int($1) }
    put(octal(sum, 6) + "\u{0} ", at: 148)
    return (block, (blockLength - byteCount % blockLength) % blockLength)
  }

  /// Two empty blocks end an archive.
  static let end = [UInt8](repeating: 0, count: 2 * blockLength)

  /// What a reader meets.
  enum Event: Equatable {
    case file(name: String, byteCount: Int)
    case bytes([UInt8])
    case fileEnd
    case end
  }

  /// Reads an archive that comes in pieces.
  struct Reader {
    private enum Place { case header, body(left: Int, padding: Int), done }
    private var buffer: [UInt8] = []
    private var place = Place.header

    /// Whether the end of the archive has come.
    var isDone: Bool { if case .done = place { true } else { false } }

    /// Takes the next bytes.
    ///
    /// - Throws: 400 for what is no ustar archive of plain files.
    mutating func feed(_ bytes: [UInt8]) throws(AppError) -> [Event] {
      buffer += bytes
      var events: [Event] = []
      while try step(&events) {}
      return events
    }

    private mutating func step(_ events: inout [Event]) throws(AppError) -> Bool {
      switch place {
      case .done:
        buffer = []
        return false
      case .header:
        guard buffer.count >= blockLength else { return false }
        let block = Array(buffer[..<blockLength])
        buffer.removeFirst(blockLength)
        if block.allSatisfy({ $0 == 0 }) {
          place = .done
          events.append(.end)
          return true
        }
        let (name, count) = try Self.parse(block)
        events.append(.file(name: name, byteCount: count))
        if count == 0 { events.append(.fileEnd) }
        place =
          count == 0
          ? .header : .body(left: count, padding: (blockLength - count % blockLength) % blockLength)
        return true
      case .body(let left, let padding):
        if left > 0 {
          guard !buffer.isEmpty else { return false }
          let piece = Array(buffer.prefix(left))
          buffer.removeFirst(piece.count)
          events.append(.bytes(piece))
          place = .body(left: left - piece.count, padding: padding)
          return true
        }
        guard buffer.count >= padding else { return false }
        buffer.removeFirst(padding)
        events.append(.fileEnd)
        place = .header
        return true
      }
    }

    private static func parse(_ block: [UInt8]) throws(AppError) -> (name: String, count: Int) {
      func text(_ range: Range<Int>) -> String {
        String(decoding: block[range].prefix { $0 != 0 }, as: UTF8.self)
      }
      var unsummed = block
      for index in 148..<156 { unsummed[index] = 0x20 }
      let sum = unsummed.reduce(0) { $0 + Int($1) }
      let digits = text(148..<156).filter { $0 != " " }
      let isPlain = block[156] == 0x30 || block[156] == 0
      guard text(257..<262) == "ustar", Int(digits, radix: 8) == sum, isPlain,
        text(345..<500).isEmpty, let count = Int(text(124..<136).filter { $0 != " " }, radix: 8),
        count >= 0
      else { throw .malformed("The archive has a member that is no plain file.") }
      return (text(0..<100), count)
    }
  }
}
