// Sixty-four bits for a word, a run of words or a run of letters: the texts themselves are not kept.
//
// Constants are part of stored fingerprints: changing one makes them useless. Two of a million keys are the same with
// probability 3e-8, so a hit is not verified.

/// Makes keys.
enum Key {
  /// What a key stands for, so that keys of all kinds may lie in one set.
  enum Kind: UInt64 {
    case token = 0x51
    case letterRun = 0x52
    case wordRun = 0x53
    case threeWords = 0x54
    case shifted = 0x55
    case piece = 0x56
    case sign = 0x57
    case privateWord = 0x58
    case unspacedRun = 0x59
    case nameForm = 0x5A
  }

  /// The start of a word's hash.
  static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

  /// A word's hash with one more letter.
  @inline(__always) static func adding(_ letter: UInt32, to hash: UInt64) -> UInt64 {
    let product = (hash ^ UInt64(letter)) &* 0x9E37_79B9_7F4A_7C15
    return product ^ (product >> 29)
  }

  /// The hash of letters in a row.
  static func hash(_ letters: some Sequence<UInt32>) -> UInt64 {
    var hash = seed
    for letter in letters { hash = adding(letter, to: hash) }
    return hash
  }

  /// Two numbers to one, each bit of which depends on all of both.
  @inline(__always) static func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = (first ^ 0xA076_1D64_78BD_642F)
      .multipliedFullWidth(by: second ^ 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }

  /// The key of a word or of several joined.
  @inline(__always) static func token(_ hash: UInt64) -> UInt64 { mix(hash, Kind.token.rawValue) }

  /// The key of a piece of a text that is not as words are.
  static func sign(_ hash: UInt64) -> UInt64 { mix(hash, Kind.sign.rawValue) }

  /// The key of words in a row.
  @inline(__always) static func run(_ kind: Kind, _ hashes: some Sequence<UInt64>) -> UInt64 {
    var key = kind.rawValue
    for hash in hashes { key = mix(key, hash) }
    return key
  }
}
