// Text to words: runs of letters, marks and digits, in lower case, with the script they are written in.
//
// Unspaced scripts come as pairs of neighbouring characters (a single one alone). Apostrophes and hyphens part words,
// English endings after an apostrophe ('s, 't, 're, …) are dropped. Expects NFC. Does not stem, fold or drop stop words.

/// Splits text into words.
enum WordScanner {
  /// Calls `body` with each word of `text`, as UTF-8 of at most 64 bytes, in order.
  static func scan(_ text: String, _ body: (_ word: [UInt8], _ script: Script) -> Void) {
    var run = Run()
    for scalar in text.unicodeScalars { run.take(scalar, body) }
    run.finish(body)
  }

  private static let endings: Set<[UInt8]> = Set(
    ["s", "t", "d", "m", "ll", "re", "ve"].map { Array($0.utf8) })

  /// The word being read.
  private struct Run {
    private var word: [UInt8] = []
    private var script = Script.other
    private var isAfterApostrophe = false
    /// Set by a `.` or `,` after a digit: it joins a number only when a digit follows.
    private var separator: UInt8?
    private var endsInDigit = false
    private var pair: [Unicode.Scalar] = []
    private var pairCount = 0

    mutating func take(
      _ scalar: Unicode.Scalar, _ body: (_ word: [UInt8], _ script: Script) -> Void
    ) {
      let value = scalar.value
      if value < 0x80 {
        let byte = UInt8(truncatingIfNeeded: value)
        switch byte {
        case 0x61...0x7A: letter(byte, body)
        case 0x41...0x5A: letter(byte | 0x20, body)
        case 0x30...0x39: digit(byte, body)
        case 0x2E, 0x2C:
          if endsInDigit, separator == nil {
            separator = byte
          } else {
            finish(body)
          }
        case 0x27: apostrophe(body)
        default: finish(body)
        }
        return
      }
      // Soft hyphen and the joiners stand inside words and say nothing.
      if value == 0xAD || value == 0x200C || value == 0x200D { return }
      if value == 0x2019 {
        apostrophe(body)
        return
      }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .letterNumber:
        let found = Script(of: scalar)
        if found == .unspaced {
          unspaced(scalar, body)
          return
        }
        if !pair.isEmpty || separator != nil { finish(body) }
        if script == .other { script = found }
        append(scalar.properties.lowercaseMapping.utf8)
      case .nonspacingMark, .spacingMark:
        if !pair.isEmpty {
          unspaced(scalar, body)
        } else if !word.isEmpty {
          append(String(scalar).utf8)
        }
      case .decimalNumber, .otherNumber:
        if !pair.isEmpty || separator != nil { finish(body) }
        append(String(scalar).utf8)
      default: finish(body)
      }
    }

    private mutating func letter(
      _ byte: UInt8, _ body: (_ word: [UInt8], _ script: Script) -> Void
    ) {
      if !pair.isEmpty || separator != nil { finish(body) }
      if script == .other { script = .latin }
      endsInDigit = false
      if word.count < ShardFormat.maximumTermLength { word.append(byte) }
    }

    private mutating func digit(
      _ byte: UInt8, _ body: (_ word: [UInt8], _ script: Script) -> Void
    ) {
      if !pair.isEmpty { finish(body) }
      // 1,000 and 1000 are the same number; 3.5 is one number.
      if separator == 0x2E, word.count < ShardFormat.maximumTermLength { word.append(0x2E) }
      separator = nil
      endsInDigit = true
      if word.count < ShardFormat.maximumTermLength { word.append(byte) }
    }

    private mutating func append(_ bytes: some Collection<UInt8>) {
      endsInDigit = false
      // Never half a character.
      if word.count + bytes.count <= ShardFormat.maximumTermLength {
        word.append(contentsOf: bytes)
      }
    }

    private mutating func apostrophe(_ body: (_ word: [UInt8], _ script: Script) -> Void) {
      let follows = !word.isEmpty
      finish(body)
      isAfterApostrophe = follows
    }

    private mutating func unspaced(
      _ scalar: Unicode.Scalar, _ body: (_ word: [UInt8], _ script: Script) -> Void
    ) {
      if !word.isEmpty { finish(body) }
      if let before = pair.last {
        body(Array(String(before).utf8) + Array(String(scalar).utf8), .unspaced)
        pair = [scalar]
      } else {
        pair.append(scalar)
      }
      pairCount += 1
    }

    mutating func finish(_ body: (_ word: [UInt8], _ script: Script) -> Void) {
      if !word.isEmpty {
        if !(isAfterApostrophe && WordScanner.endings.contains(word)) { body(word, script) }
        word.removeAll(keepingCapacity: true)
      }
      if !pair.isEmpty {
        if pairCount == 1 { body(Array(String(pair[0]).utf8), .unspaced) }
        pair.removeAll(keepingCapacity: true)
        pairCount = 0
      }
      script = .other
      isAfterApostrophe = false
      separator = nil
      endsInDigit = false
    }
  }
}
