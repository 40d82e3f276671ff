// The last letters of a stream as differences, so that one comparison holds for all 26 shifts of the alphabet.
//
// A letter is kept as its distance from the one before it: ROT13 and every other shift leave distances as they are, and
// Atbash only turns their sign. One byte a distance, fifteen in a row. A digit is kept as it is, at the head of a run too: "50 per
// cent of" is not "20 per cent of".

/// A register of the last 16 letters.
struct LetterWindow {
  /// Letters of a run that is a violation.
  static let runLength = 16

  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private var previous: UInt32 = 0
  /// Letters so far, up to 255.
  private(set) var count = 0

  /// Takes one letter.
  @inline(__always) mutating func push(_ letter: UInt32) {
    high = (high << 8) | (low >> 56)
    low = (low << 8) | Self.step(previous, letter)
    previous = letter
    if count < 255 { count += 1 }
  }

  /// Whether a whole run of letters is in.
  var isFull: Bool { count >= Self.runLength }

  /// The key of the last 16 letters.
  @inline(__always) var key: UInt64 { key(length: Self.runLength) }

  /// The key of the last `length` letters, 9 to 16.
  @inline(__always) func key(length: Int) -> UInt64 {
    let kept = max(0, min(7, length - 9))
    let mask = kept == 7 ? 0x00FF_FFFF_FFFF_FFFF : (UInt64(1) << (8 * UInt64(kept))) - 1
    let key = Key.mix(
      Key.mix(low, Key.Kind.letterRun.rawValue), (high & mask) | (UInt64(length) << 56))
    // How the first sign stands to the one before it is no part of the run; that it is a digit, and which, is.
    let head = (high >> (8 * UInt64(kept))) & 0xFF
    return Self.digits.contains(head) ? Key.mix(key, head) : key
  }

  /// The key of the last `length` letters of a script without spaces, 2 to 16.
  func unspacedKey(length: Int) -> UInt64 {
    let steps = UInt64(length - 1)
    let lowMask = steps >= 8 ? .max : (UInt64(1) << (8 * steps)) - 1
    let highMask = steps > 8 ? (UInt64(1) << (8 * (steps - 8))) - 1 : 0
    let key = Key.mix(low & lowMask, Key.Kind.unspacedRun.rawValue)
    return Key.mix(key, (high & highMask) | UInt64(length) << 56)
  }

  /// The bytes that `step` gives for digits.
  private static let digits: ClosedRange<UInt64> = 26...35

  /// The distance of two letters as a byte.
  @inline(__always) static func step(_ first: UInt32, _ second: UInt32) -> UInt64 {
    if Letter.isLatin(second) {
      if Letter.isLatin(first) { return UInt64((second &+ 26 &- first) % 26) }
      if Letter.isDigit(first) { return 36 }
    } else if Letter.isDigit(second) {
      return UInt64(26 + second - 0x30)
    }
    return UInt64(40 + ((second &- first) &* 0x9E37_79B1) % 216)
  }

  /// The key of a whole token of any length, the same for all shifts.
  static func shiftedKey(_ letters: [UInt32]) -> UInt64 {
    var key = Key.mix(Key.Kind.shifted.rawValue, UInt64(letters.count))
    for (first, second) in zip(letters, letters.dropFirst()) {
      key = Key.mix(key, step(first, second))
    }
    return key
  }
}
