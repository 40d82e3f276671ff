// A page's text in the form in which two are compared: lines of words, without what any page may say of its own showing (when it
// was printed or last updated, how often it was seen) and without what is there to be clicked.
//
// What is left out is a matter of whole, short lines with words that say so. A date by itself, a price, a model number or the day
// of a concert stays and tells two pages apart: two pages too many are better than one too few.

import Spool

/// A text to be compared.
struct ComparedText: Equatable, Sendable {
  /// Words by line, lower case; a stamp's dates and a counter's numbers are `StampWords.mask`.
  private(set) var lines: [[String]] = []
  /// The words of the title, without what says that it is for printing.
  let title: [String]

  /// - Parameters:
  ///   - title: nil when the page has none of its own.
  ///   - uri: the page's own address, which is no difference where the page names it.
  init(_ text: String, title: String?, uri: String) {
    let own = Self.withoutScheme(uri)
    for line in text.split(whereSeparator: \.isNewline) {
      let words = Self.words(of: line, own: own)
      guard !words.isEmpty, !StampWords.isFurniture(words) else { continue }
      lines.append(StampWords.masked(words))
    }
    self.title = title.map { StampWords.withoutPrinting(Self.words(of: $0, own: own)) } ?? []
  }

  /// How many words there are.
  var wordCount: Int { lines.reduce(0) { $0 + $1.count } }

  // MARK: Comparing

  /// Of so many words one may be said by the other page alone: 5 %.
  static let mostExtra = 20
  /// What two texts have in common at least, as a share of all their shingles.
  ///
  /// A line more in the middle parts shingles on both sides of it: 3 words in 140 leave 0.95.
  static let leastOverlap = 0.9

  /// Whether everything that is said here is said in `other`, line by line and in this order, and little else is.
  ///
  /// Where lines break is no difference. So nothing that this page says is lost when only the other is kept; and no page stands for
  /// parts of itself, as a manual on one page does for its chapters.
  func isContained(in other: ComparedText) -> Bool {
    let extra = other.wordCount - wordCount
    guard title == other.title, wordCount > 0, extra >= 0,
      extra * Self.mostExtra <= other.wordCount
    else { return false }
    let words = Array(lines.joined())
    var position = 0
    for line in other.lines {
      // A line is said here as a whole, or not at all: "not" in the middle of one is no small difference.
      if words[position...].starts(with: line) { position += line.count }
    }
    return position == words.count
      && Self.overlap(words, Array(other.lines.joined())) >= Self.leastOverlap
  }

  /// The Jaccard index of the sets of all three words in a row.
  private static func overlap(_ one: [String], _ other: [String]) -> Double {
    let (left, right) = (shingles(one), shingles(other))
    let union = left.union(right).count
    return union == 0 ? 1 : Double(left.intersection(right).count) / Double(union)
  }

  private static func shingles(_ words: [String]) -> Set<ArraySlice<String>> {
    guard words.count > 3 else { return [words[...]] }
    return Set((0...words.count - 3).map { words[$0..<$0 + 3] })
  }

  // MARK: Finding

  /// What candidates are found by: 33 signs.
  ///
  /// The first is the version of how texts are compared. 16 hex digits must be equal: a digest of the title and of all that has a
  /// figure in it. 16 may differ in a few bits: a fingerprint of all three words in a row (Charikar 2002,
  /// DOI 10.1145/509907.509965).
  var likeness: String {
    let words = Array(lines.joined())
    let telling =
      title + ["\u{0}"] + words.filter { $0.utf8.contains { (48...57).contains($0) } }
    var sums = [Int](repeating: 0, count: 64)
    for shingle in Self.shingles(words) {
      // FNV-1a, mixed: the same in every process, which Hasher is not.
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in shingle.joined(separator: " ").utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
      }
      hash = (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15
      for bit in 0..<64 { sums[bit] += hash >> UInt64(bit) & 1 == 1 ? 1 : -1 }
    }
    var bits: UInt64 = 0
    for bit in 0..<64 where sums[bit] > 0 { bits |= 1 << UInt64(bit) }
    let exact = SHA256Digest(of: telling.joined(separator: " ")).hexDigits.prefix(16)
    let digits = String(bits, radix: 16)
    return "1\(exact)\(String(repeating: "0", count: 16 - digits.count))\(digits)"
  }

  /// Bits in which the fingerprints of two pages may differ that can be found to be nearly the same.
  ///
  /// 5 % of other shingles turn about 5 of 64 bits; Manku, Jain and Das Sarma (2007) take 3 where nothing looks closer afterwards.
  static let mostBits = 8

  // MARK: Words

  private static func words(of line: some StringProtocol, own: String) -> [String] {
    line.split(whereSeparator: \.isWhitespace).compactMap { piece in
      var word = piece[...]
      while let first = word.first, isEdge(first) { word.removeFirst() }
      while let last = word.last, isEdge(last) { word.removeLast() }
      guard word.contains(where: { $0.isLetter || $0.isNumber || $0.isSymbol }) else { return nil }
      if !own.isEmpty, withoutScheme(String(word)) == own { return StampWords.mask }
      return word.lowercased()
    }
  }

  /// What stands around words and says nothing; a sign or a currency does say something.
  private static func isEdge(_ character: Character) -> Bool {
    ".,;:!?\"'()[]«»“”„‘’|·•".contains(character)
  }

  private static func withoutScheme(_ uri: String) -> String {
    guard let range = uri.firstRange(of: "://") else { return uri }
    return String(uri[range.upperBound...])
  }
}

/// A likeness, read.
struct Likeness {
  /// What must be equal.
  let exact: UInt64
  private let fingerprint: UInt64

  /// - Parameter text: as `ComparedText.likeness`; nil for what is none of this version.
  init?(_ text: String) {
    guard text.utf8.count == 33, text.hasPrefix("1"),
      let exact = UInt64(text.dropFirst().prefix(16), radix: 16),
      let fingerprint = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    self.exact = exact
    self.fingerprint = fingerprint
  }

  /// The bits in which two fingerprints differ; nil when the rest is not equal.
  func distance(to other: Likeness) -> Int? {
    exact == other.exact ? (fingerprint ^ other.fingerprint).nonzeroBitCount : nil
  }
}
