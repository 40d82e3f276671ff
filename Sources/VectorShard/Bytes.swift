// Little-endian numbers and varints, read with bounds and written in order.
//
// Reading never traps: a read outside the bytes gives nil, which callers turn into `ShardError.corrupt`.

extension UnsafeRawBufferPointer {
  /// The little-endian integer at `offset`, nil when it does not lie inside.
  func integer<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number? {
    let size = MemoryLayout<Number>.size
    guard offset >= 0, offset <= count - size else { return nil }
    return Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  /// The UInt32 at `offset` as an Int.
  func u32(at offset: Int) -> Int? { integer(UInt32.self, at: offset).map(Int.init) }

  /// The UInt64 at `offset` as an Int; nil as well when it exceeds Int.
  func u64(at offset: Int) -> Int? { integer(UInt64.self, at: offset).flatMap(Int.init(exactly:)) }

  /// The bytes of `range`, nil when it does not lie inside.
  func slice(_ start: Int, _ length: Int) -> UnsafeRawBufferPointer? {
    guard start >= 0, length >= 0, start <= count, length <= count - start else { return nil }
    return UnsafeRawBufferPointer(rebasing: self[start..<start + length])
  }

  /// The UTF-8 text of `range`; nil when it does not lie inside or is not UTF-8.
  func text(_ start: Int, _ length: Int) -> String? {
    guard let bytes = slice(start, length) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Reads a varint (LEB128, at most 32 bits) and moves `offset` past it; nil at the end of the bytes or beyond 32 bits.
  @inline(__always)
  func varint(at offset: inout Int) -> Int? {
    guard offset >= 0, offset < count else { return nil }
    let first = self[offset]
    offset += 1
    if first < 0x80 { return Int(first) }
    var value = Int(first & 0x7F)
    var shift = 7
    while shift < 35 {
      guard offset < count else { return nil }
      let byte = self[offset]
      offset += 1
      value |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return value <= 0xFFFF_FFFF ? value : nil }
      shift += 7
    }
    return nil
  }
}

extension [UInt8] {
  /// Appends a little-endian integer.
  mutating func append<Number: FixedWidthInteger>(integer: Number) {
    Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends `value` as a varint: seven bits a byte, lowest first, the top bit set on all but the last.
  mutating func append(varint value: Int) {
    var rest = UInt32(truncatingIfNeeded: value)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Overwrites the bytes from `offset` on with a little-endian integer.
  mutating func put<Number: FixedWidthInteger>(_ integer: Number, at offset: Int) {
    Swift.withUnsafeBytes(of: integer.littleEndian) { source in
      replaceSubrange(offset..<offset + source.count, with: source)
    }
  }
}

/// Whether `left` stands before `right`, byte by byte, unsigned; a prefix stands before what it begins.
func precedes(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
  left.lexicographicallyPrecedes(right)
}
