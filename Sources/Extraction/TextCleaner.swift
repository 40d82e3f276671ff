// The one place that decides which characters text may hold: NFC, no control characters, no bidi overrides, no invisible
// characters that only hide things, white space collapsed. Every reader's text passes here before it counts.
//
// Relies on GLib for NFC, which poppler brings along; Foundation's would bring 40 MB of data.

internal import CPoppler

/// Cleans text.
enum TextCleaner {
  /// One line or one paragraph: all white space becomes single spaces, ends trimmed.
  static func inline(_ text: String) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count)
    var needsNormalizing = false
    var hasPendingSpace = false
    for scalar in text.unicodeScalars {
      switch fate(of: scalar) {
      case .drop: continue
      case .space, .lineBreak: hasPendingSpace = !out.isEmpty
      case .keep:
        if hasPendingSpace {
          out.append(0x20)
          hasPendingSpace = false
        }
        append(scalar, to: &out)
        if scalar.value >= 0x300 { needsNormalizing = true }
      }
    }
    let cleaned = String(decoding: out, as: UTF8.self)
    return needsNormalizing ? normalized(cleaned) : cleaned
  }

  /// Lines of a paragraph: each cleaned as `inline`, empty ones dropped.
  static func lines(_ text: String) -> [String] {
    split(text).map { inline(String($0)) }.filter { !$0.isEmpty }
  }

  /// Code: spaces and line breaks stay, tabs become four spaces, at most one blank line in a row.
  static func verbatim(_ text: String) -> String {
    var lines: [String] = []
    for line in split(text) {
      var out: [UInt8] = []
      var needsNormalizing = false
      for scalar in line.unicodeScalars {
        if scalar == "\t" {
          out.append(contentsOf: [0x20, 0x20, 0x20, 0x20])
          continue
        }
        switch fate(of: scalar) {
        case .drop: continue
        case .space, .lineBreak: out.append(0x20)
        case .keep:
          append(scalar, to: &out)
          if scalar.value >= 0x300 { needsNormalizing = true }
        }
      }
      while out.last == 0x20 { out.removeLast() }
      if out.isEmpty, lines.last?.isEmpty ?? true { continue }
      let cleaned = String(decoding: out, as: UTF8.self)
      lines.append(needsNormalizing ? normalized(cleaned) : cleaned)
    }
    while lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  /// Splits at every line break there is: LF, CR, CR LF, VT, FF, NEL, LS, PS.
  static func split(_ text: String) -> [Substring] {
    var lines: [Substring] = []
    let scalars = text[...].unicodeScalars
    var start = scalars.startIndex
    var index = start
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let next = scalars.index(after: index)
      guard fate(of: scalar) == .lineBreak else {
        index = next
        continue
      }
      lines.append(Substring(scalars[start..<index]))
      index = next
      if scalar == "\r", index < scalars.endIndex, scalars[index] == "\n" {
        index = scalars.index(after: index)
      }
      start = index
    }
    lines.append(Substring(scalars[start...]))
    return lines
  }

  /// Unicode normalization form C.
  static func normalized(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      guard let start = bytes.baseAddress else { return "" }
      let result: UnsafeMutablePointer<CChar>? = start.withMemoryRebound(
        to: CChar.self, capacity: bytes.count
      ) { g_utf8_normalize($0, gssize(bytes.count), G_NORMALIZE_NFC) }
      // Null only for invalid UTF-8, which a String never holds.
      guard let result else { return String(decoding: bytes, as: UTF8.self) }
      defer { g_free(result) }
      return String(cString: result)
    }
  }

  private enum Fate { case keep, drop, space, lineBreak }

  private static func fate(of scalar: Unicode.Scalar) -> Fate {
    switch scalar.value {
    case 0x21...0x7E: .keep
    case 0x20, 0x09: .space
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: .lineBreak
    case 0x00...0x1F, 0x7F...0x9F: .drop
    case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: .space
    // Soft hyphen, Arabic letter mark, combining grapheme joiner, Mongolian vowel separator.
    case 0xAD, 0x61C, 0x34F, 0x180E: .drop
    // Zero-width space and the direction marks; the joiners 200C and 200D stay, scripts and emoji need them.
    case 0x200B, 0x200E, 0x200F: .drop
    // Bidi embeddings, overrides, isolates; invisible operators; deprecated format characters.
    case 0x202A...0x202E, 0x2060...0x206F, 0xFEFF: .drop
    case 0xFFF9...0xFFFB, 0xFDD0...0xFDEF: .drop
    // Tag characters: text that people cannot see and models can.
    case 0xE0000...0xE007F: .drop
    case let value where value & 0xFFFE == 0xFFFE: .drop
    default: .keep
    }
  }

  private static func append(_ scalar: Unicode.Scalar, to out: inout [UInt8]) {
    if scalar.isASCII {
      out.append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }
}
