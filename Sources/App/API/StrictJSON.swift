// JSON from outside, read strictly (RFC 8259): one value, valid UTF-8, no repeated member, a bounded depth. Foundation's decoder
// keeps one of two repeated members and says nothing, and two readers that keep different ones disagree about what was said.

/// Why bytes are no JSON that is accepted.
enum StrictJSONError: Error, Equatable {
  case syntax(offset: Int)
  case repeatedMember(String)
  case tooDeep
}

/// The reader.
struct StrictJSON {
  private let bytes: [UInt8]
  private var offset = 0
  private let depthLimit: Int

  /// The value that `bytes` spell.
  ///
  /// - Complexity: linear in the number of bytes.
  static func parse(_ bytes: [UInt8], depth: Int = 32) throws(StrictJSONError) -> JSONValue {
    var reader = StrictJSON(bytes, depth)
    reader.skipSpace()
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.offset == bytes.count else { throw .syntax(offset: reader.offset) }
    return value
  }

  private init(_ bytes: [UInt8], _ depth: Int) {
    self.bytes = bytes
    depthLimit = depth
  }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  private mutating func take(_ byte: UInt8) throws(StrictJSONError) {
    guard next == byte else { throw .syntax(offset: offset) }
    offset += 1
  }

  private mutating func value(depth: Int) throws(StrictJSONError) -> JSONValue {
    guard depth < depthLimit else { throw .tooDeep }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(
    _ text: StaticString, _ value: JSONValue
  ) throws(StrictJSONError) -> JSONValue {
    for index in 0..<text.utf8CodeUnitCount { try take(text.utf8Start[index]) }
    return value
  }

  private mutating func object(depth: Int) throws(StrictJSONError) -> JSONValue {
    try take(UInt8(ascii: "{"))
    var members: [String: JSONValue] = [:]
    skipSpace()
    if next == UInt8(ascii: "}") {
      offset += 1
      return .object(members)
    }
    while true {
      skipSpace()
      let name = try string()
      skipSpace()
      try take(UInt8(ascii: ":"))
      skipSpace()
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: name) == nil else { throw .repeatedMember(name) }
      skipSpace()
      if next == UInt8(ascii: ",") {
        offset += 1
        continue
      }
      try take(UInt8(ascii: "}"))
      return .object(members)
    }
  }

  private mutating func array(depth: Int) throws(StrictJSONError) -> JSONValue {
    try take(UInt8(ascii: "["))
    var values: [JSONValue] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      offset += 1
      return .array(values)
    }
    while true {
      skipSpace()
      values.append(try value(depth: depth + 1))
      skipSpace()
      if next == UInt8(ascii: ",") {
        offset += 1
        continue
      }
      try take(UInt8(ascii: "]"))
      return .array(values)
    }
  }

  private mutating func string() throws(StrictJSONError) -> String {
    let start = offset
    try take(UInt8(ascii: "\""))
    var text: [UInt8] = []
    while true {
      let first = offset
      while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
        offset += 1
      }
      text += bytes[first..<offset]
      guard let byte = next, byte >= 0x20 else { throw .syntax(offset: offset) }
      offset += 1
      if byte == UInt8(ascii: "\"") { break }
      try escape(into: &text)
    }
    guard let string = String(validating: text, as: UTF8.self) else {
      throw .syntax(offset: start)
    }
    return string
  }

  private mutating func escape(into text: inout [UInt8]) throws(StrictJSONError) {
    guard let byte = next else { throw .syntax(offset: offset) }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexUnit())
      if (0xD800..<0xDC00).contains(code) {
        try take(UInt8(ascii: "\\"))
        try take(UInt8(ascii: "u"))
        let low = UInt32(try hexUnit())
        guard (0xDC00..<0xE000).contains(low) else { throw .syntax(offset: offset) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw .syntax(offset: offset) }
      text += Array(String(Character(scalar)).utf8)
    default: throw .syntax(offset: offset - 1)
    }
  }

  private mutating func hexUnit() throws(StrictJSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw .syntax(offset: offset)
      }
      unit = unit << 4 | UInt16(digit)
      offset += 1
    }
    return unit
  }

  private mutating func number() throws(StrictJSONError) -> JSONValue {
    let start = offset
    if next == UInt8(ascii: "-") { offset += 1 }
    if next == UInt8(ascii: "0") {
      offset += 1
    } else {
      try digits()
    }
    var isWhole = true
    if next == UInt8(ascii: ".") {
      isWhole = false
      offset += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isWhole = false
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isWhole, let whole = Int(text) { return .integer(whole) }
    guard let number = Double(text), number.isFinite else { throw .syntax(offset: start) }
    // 7.0 is a whole number, as JSON Schema has it; beyond 2^53 a Double would not tell it from its neighbours.
    if number.rounded() == number, abs(number) <= 9_007_199_254_740_992 {
      return .integer(Int(number))
    }
    return .number(number)
  }

  private mutating func digits() throws(StrictJSONError) {
    let start = offset
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    guard offset > start else { throw .syntax(offset: offset) }
  }
}
