// Letters without their accents, after stemming (Snowball's rules for French or German need them).
//
// Relies on a generated table for composed letters and on ranges for loose marks. Marks that are letters in their script
// (Indic vowel signs) stay.

/// Folds accents away.
enum AccentFolding {
  /// The term without accents; the same bytes when there are none.
  static func fold(_ term: [UInt8]) -> [UInt8] {
    guard term.contains(where: { $0 >= 0x80 }) else { return term }
    var folded = [UInt8]()
    folded.reserveCapacity(term.count)
    for scalar in String(decoding: term, as: UTF8.self).unicodeScalars {
      if isAccent(scalar) { continue }
      if let plain = table[scalar] {
        folded.append(contentsOf: plain)
      } else {
        folded.append(contentsOf: String(scalar).utf8)
      }
    }
    return folded
  }

  /// Combining accents, Hebrew points and Arabic vowel signs.
  private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x300...0x36F, 0x591...0x5BD, 0x5BF, 0x5C1...0x5C2, 0x5C4...0x5C5, 0x5C7, 0x610...0x61A,
      0x64B...0x65F, 0x670:
      true
    default: false
    }
  }

  /// Pairs of a letter and what stands for it, from the generated text.
  private static let table: [Unicode.Scalar: [UInt8]] = {
    var table: [Unicode.Scalar: [UInt8]] = [:]
    for line in AccentFoldingTable.lines.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      for letter in parts[1].unicodeScalars { table[letter] = Array(parts[0].utf8) }
    }
    return table
  }()
}
