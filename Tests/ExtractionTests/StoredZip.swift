// Writes zip archives without compression, with any header a test wants to lie in. For tests only.

/// An archive of stored entries.
struct StoredZip {
  struct Entry {
    let name: String
    let content: [UInt8]
    let mode: UInt32
    let flags: UInt16
    let declared: UInt32

    init(
      _ name: String, _ content: String, mode: UInt32 = 0o100644, flags: UInt16 = 0,
      declared: UInt32? = nil
    ) {
      self.name = name
      self.content = Array(content.utf8)
      self.mode = mode
      self.flags = flags
      self.declared = declared ?? UInt32(content.utf8.count)
    }
  }

  private(set) var bytes: [UInt8] = []

  init(_ entries: [Entry]) {
    var directory: [UInt8] = []
    for entry in entries {
      let offset = UInt32(bytes.count)
      let shared =
        Self.two(20) + Self.two(entry.flags) + Self.two(0) + Self.two(0) + Self.two(0x21)
        + Self.four(Self.checksum(entry.content)) + Self.four(UInt32(entry.content.count))
        + Self.four(entry.declared) + Self.two(UInt16(entry.name.utf8.count)) + Self.two(0)
      bytes += Self.four(0x0403_4B50) + shared + Array(entry.name.utf8) + entry.content
      directory +=
        Self.four(0x0201_4B50) + Self.two(0x031E) + shared + Self.two(0) + Self.two(0)
        + Self.two(0) + Self.four(entry.mode << 16) + Self.four(offset) + Array(entry.name.utf8)
    }
    let start = UInt32(bytes.count)
    bytes += directory
    let count = UInt16(entries.count)
    bytes +=
      Self.four(0x0605_4B50) + Self.four(0) + Self.two(count) + Self.two(count)
      + Self.four(UInt32(directory.count)) + Self.four(start) + Self.two(0)
  }

  private static func two(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }

  private static func four(_ value: UInt32) -> [UInt8] {
    two(UInt16(value & 0xFFFF)) + two(UInt16(value >> 16))
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
