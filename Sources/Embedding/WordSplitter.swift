// Collects the normalised bytes of one word at a time and cuts each word into pieces of the
// vocabulary.
//
// Relies on the code-point table of CKernels. One splitter serves one text; see WordPiece for the
// rules' source.

import CKernels

/// The state of tokenizing one text: the word so far and the ids so far.
struct WordSplitter {
  private(set) var word: [UInt8] = []
  /// Code points in `word`.
  private var length = 0
  /// Marks at the end of `word` that are still to be put in canonical order, with where they begin.
  private var marks: [(scalar: UInt32, order: UInt32)] = []
  var ids: [Int32] = []
  private let vocabulary: Vocabulary
  private let unknown: Int32
  /// Hash of the word's prefix after each byte, for one piece.
  private var hashes: [UInt64]

  init(vocabulary: Vocabulary, unknown: Int32) {
    self.vocabulary = vocabulary
    self.unknown = unknown
    hashes = [UInt64](repeating: 0, count: vocabulary.longest + 1)
  }

  /// What an ASCII byte does: the lower-case letter itself, or one of these.
  private enum Ascii {
    static let space: UInt8 = 0
    static let dropped: UInt8 = 1
    static let punctuation: UInt8 = 2
  }

  private static let ascii: [UInt8] = (0..<128).map { (code: UInt8) -> UInt8 in
    switch code {
    case 9, 10, 13, 32: Ascii.space
    case 0..<32, 127: Ascii.dropped
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): code + 32
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): code
    default: Ascii.punctuation
    }
  }

  /// Takes a byte below 0x80.
  @inline(__always)
  mutating func appendASCII(_ byte: UInt8) {
    let action = Self.ascii.withUnsafeBufferPointer { $0[Int(byte & 0x7f)] }
    switch action {
    case Ascii.space: endWord()
    case Ascii.dropped: break
    case Ascii.punctuation:
      endWord()
      word.append(byte)
      length = 1
      endWord()
    default:
      if !marks.isEmpty { flushMarks() }
      word.append(action)
      length += 1
    }
  }

  /// Takes a code point from 0x80.
  mutating func append(_ scalar: UInt32) {
    if scalar >= 0xac00 && scalar <= 0xd7a3 { return appendHangul(scalar - 0xac00) }
    let action = bobbin_character(scalar)
    let value = action & 0xff_ffff
    switch Int(action >> 24) {
    case BOBBIN_LETTER: appendLetter(value)
    case BOBBIN_SPACE: endWord()
    case BOBBIN_PUNCTUATION, BOBBIN_IDEOGRAPH:
      endWord()
      appendLetter(value)
      endWord()
    case BOBBIN_STARTER_DROPPED: flushMarks()
    case BOBBIN_SEQUENCE:
      for index in 0..<(value & 0xff) {
        appendLetter(bobbin_character_in_sequence(value >> 8 + index))
      }
    case BOBBIN_MARK: marks.append((scalar, value))
    default: break  // BOBBIN_DROPPED
    }
  }

  /// Unicode, section 3.12: a syllable is a lead, a vowel and perhaps a tail.
  private mutating func appendHangul(_ index: UInt32) {
    appendLetter(0x1100 + index / 588)
    appendLetter(0x1161 + index % 588 / 28)
    if index % 28 != 0 { appendLetter(0x11a7 + index % 28) }
  }

  private mutating func appendLetter(_ scalar: UInt32) {
    if !marks.isEmpty { flushMarks() }
    appendBytes(scalar)
  }

  private mutating func appendBytes(_ scalar: UInt32) {
    length += 1
    switch scalar {
    case ..<0x80: word.append(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
      word.append(UInt8(truncatingIfNeeded: 0xc0 | scalar >> 6))
      word.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
    case ..<0x1_0000:
      word.append(UInt8(truncatingIfNeeded: 0xe0 | scalar >> 12))
      word.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
      word.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
    default:
      word.append(UInt8(truncatingIfNeeded: 0xf0 | scalar >> 18))
      word.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3f))
      word.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
      word.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
    }
  }

  /// Canonical order: marks by combining class, those of one class in the order they came.
  private mutating func flushMarks() {
    guard !marks.isEmpty else { return }
    let ordered = marks.enumerated().sorted {
      ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
    }
    marks.removeAll(keepingCapacity: true)
    for mark in ordered { appendBytes(mark.element.scalar) }
  }

  /// Ends the word, if there is one: appends the ids of its pieces, or one unknown.
  mutating func endWord() {
    if !marks.isEmpty { flushMarks() }
    guard !word.isEmpty else { return }
    if length > WordPiece.maxWordLength || !appendPieces() { ids.append(unknown) }
    word.removeAll(keepingCapacity: true)
    length = 0
  }

  /// Greedy longest match; false, with no id appended, when some piece is not in the vocabulary.
  private mutating func appendPieces() -> Bool {
    let before = ids.count
    var from = 0
    while from < word.count {
      let continues = from > 0
      guard let (id, end) = longestPiece(from: from, continues: continues) else {
        ids.removeLast(ids.count - before)
        return false
      }
      ids.append(id)
      from = end
    }
    return true
  }

  /// The longest piece of the word that begins at `from` and is in the vocabulary, and where it
  /// ends.
  private mutating func longestPiece(from: Int, continues: Bool) -> (id: Int32, end: Int)? {
    let longest = min(word.count - from, vocabulary.longest - (continues ? 2 : 0))
    guard longest > 0 else { return nil }
    var hash = continues ? Vocabulary.continuationHash : Vocabulary.emptyHash
    for offset in 0..<longest {
      hash = Vocabulary.hash(hash, word[from + offset])
      hashes[offset] = hash
    }
    for end in stride(from: from + longest, to: from, by: -1) {
      // Only whole code points: a piece never ends before a continuation byte.
      guard end == word.count || word[end] & 0xc0 != 0x80 else { continue }
      let piece = from..<end
      if let id = vocabulary.id(hash: hashes[end - from - 1], of: word, piece, continues: continues)
      {
        return (id, end)
      }
    }
    return nil
  }
}
