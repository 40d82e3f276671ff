// Text with its escapes undone: %41, &#65;, &amp;, \u0041, \n and =41 of quoted-printable. Twice in a row, for %2541.

/// Undoes escapes in a stream of scalars.
struct Unescaper: Sendable {
  private static let longest = 12

  /// An escape that has begun, with its first character.
  private var held: [Unicode.Scalar] = []
  private var sequence: UInt32 = 0
  private var missing = 0

  /// Takes a scalar and gives what it and what was held stand for.
  @inline(__always) mutating func feed(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if held.isEmpty {
      switch scalar {
      case "%", "&", "\\", "=":
        held.append(scalar)
        return []
      default:
        return [scalar]
      }
    }
    return feedEscape(scalar)
  }

  /// What is held, when the text is over.
  mutating func finish() -> [Unicode.Scalar] {
    defer { held = [] }
    if held.first == "&", let scalar = entity(held.dropFirst()) { return [scalar] }
    return held
  }

  private mutating func feedEscape(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    switch held.first {
    case "&": return feedEntity(scalar)
    case "\\": return feedBackslash(scalar)
    default: return feedHex(scalar)
    }
  }

  /// Gives up on the escape: what was held stands for itself, and the scalar may begin another.
  private mutating func giveUp(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    let plain = held
    held = []
    return plain + feed(scalar)
  }

  private mutating func feedHex(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    guard Self.hexValue(scalar) != nil else { return giveUp(scalar) }
    held.append(scalar)
    guard held.count == 3 else { return [] }
    let value = Self.number(held.dropFirst(), radix: 16) ?? 0
    held = []
    return byte(value)
  }

  private mutating func feedBackslash(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if held.count == 1 {
      switch scalar {
      case "n", "t", "r":
        held = []
        return [" "]
      case "u", "x", "U":
        held.append(scalar)
        return []
      default: return giveUp(scalar)
      }
    }
    if scalar == "{", held.count == 2 { return [] }
    let length = held.dropFirst().first == "x" ? 2 : 4
    guard Self.hexValue(scalar) != nil else { return giveUp(scalar) }
    held.append(scalar)
    guard held.count == 2 + length else { return [] }
    let value = Self.number(held.dropFirst(2), radix: 16) ?? 0
    held = []
    return length == 2 ? byte(value) : Unicode.Scalar(value).map { [$0] } ?? []
  }

  private mutating func feedEntity(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if scalar == ";" {
      let found = entity(held.dropFirst())
      let plain = held
      held = []
      return found.map { [$0] } ?? plain + [scalar]
    }
    guard held.count < Self.longest, Self.isEntityPart(scalar) else {
      // Readers of HTML accept a number without its semicolon.
      if let found = entity(held.dropFirst()) {
        held = []
        return [found] + feed(scalar)
      }
      return giveUp(scalar)
    }
    held.append(scalar)
    return []
  }

  private static func isEntityPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "#" || scalar.isASCII && scalar.isLetter
      || (0x30...0x39).contains(scalar.value)
  }

  private func entity(_ name: ArraySlice<Unicode.Scalar>) -> Unicode.Scalar? {
    guard name.first == "#" else { return Self.named(String(String.UnicodeScalarView(name))) }
    let rest = name.dropFirst()
    let isHex = rest.first == "x" || rest.first == "X"
    return Self.number(isHex ? rest.dropFirst() : rest, radix: isHex ? 16 : 10)
      .flatMap(Unicode.Scalar.init)
  }

  /// The letter of "eacute" and its like, and a space for the marks; nil for what is no entity.
  private static func named(_ name: String) -> Unicode.Scalar? {
    if ["amp", "lt", "gt", "quot", "apos", "nbsp", "shy", "zwj", "zwnj"].contains(name) {
      return name == "amp" ? "&" : name.hasPrefix("z") || name == "shy" ? "\u{200B}" : " "
    }
    let accents = ["grave", "acute", "circ", "tilde", "uml", "cedil", "ring", "slash", "caron"]
    guard let accent = accents.first(where: name.hasSuffix),
      name.unicodeScalars.count == accent.unicodeScalars.count + 1
    else { return nil }
    return name.unicodeScalars.first
  }

  /// A byte of UTF-8.
  private mutating func byte(_ value: UInt32) -> [Unicode.Scalar] {
    if value >= 0xC2 {
      missing = value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3
      sequence = value & (0x3F >> UInt32(missing))
      return []
    }
    guard value >= 0x80, missing > 0 else { return Unicode.Scalar(value).map { [$0] } ?? [] }
    sequence = sequence << 6 | (value & 0x3F)
    missing -= 1
    return missing == 0 ? Unicode.Scalar(sequence).map { [$0] } ?? [] : []
  }

  /// The number of a hexadecimal digit.
  static func hexValue(_ scalar: Unicode.Scalar) -> UInt32? {
    switch scalar.value {
    case 0x30...0x39: scalar.value - 0x30
    case 0x41...0x46: scalar.value - 0x41 + 10
    case 0x61...0x66: scalar.value - 0x61 + 10
    default: nil
    }
  }

  private static func number(_ digits: ArraySlice<Unicode.Scalar>, radix: UInt32) -> UInt32? {
    guard !digits.isEmpty, digits.count <= 7 else { return nil }
    var number: UInt32 = 0
    for digit in digits {
      guard let value = hexValue(digit), value < radix else { return nil }
      number = number * radix + value
    }
    return number
  }
}
