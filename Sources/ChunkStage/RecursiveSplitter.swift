// Cuts text into overlapping pieces, equal piece for piece to LangChain's RecursiveCharacterTextSplitter with its default
// separators: blank line, line, space, anything. fixtures/chunk holds what that library gave.
//
// Every piece is a slice of the text, and a greedy merge of parts ends at the last separator within reach. So no part is
// ever visited: each piece costs a few searches around its two ends. Works on UTF-8 bytes, since all
// separators are ASCII ("\r\n" being one Character is no trap here), and counts Unicode scalars as Python does.
// Does not know of tokens, pages or headings: Chunker.

private import Glibc

/// Recursive character splitting, by default 1000 scalars with an overlap of 200.
package struct RecursiveSplitter: Sendable {
  /// One piece of a text.
  package struct Piece: Hashable, Sendable {
    /// What stands there, without white space at its ends.
    package let text: String
    /// Unicode scalars from the start of the whole text to the start of `text`.
    ///
    /// The true place, also where the same words stand elsewhere. LangChain's `add_start_index` searches
    /// for the words instead, and so may name an earlier place that reads the same; otherwise the two are equal.
    package let offset: Int
    /// Unicode scalars in `text`.
    package let length: Int
  }

  /// The most scalars a piece may have.
  package let size: Int
  /// The most scalars that a piece repeats of the one before it.
  package let overlap: Int

  /// Makes a splitter; a size below 1 counts as 1, and the overlap is brought into `0...size`.
  package init(size: Int = 1000, overlap: Int = 200) {
    self.size = max(1, size)
    self.overlap = min(max(0, overlap), self.size)
  }

  /// The pieces in the order of the text, none for a text of white space only.
  ///
  /// - Complexity: O(length of `text`), about 1.5 readings of each byte.
  package func pieces(of text: String) -> [Piece] {
    var text = text
    text.makeContiguousUTF8()
    let pieces = text.utf8.withContiguousStorageIfAvailable { bytes -> [Piece] in
      guard let start = bytes.baseAddress else { return [] }
      let isASCII = UTF8Count.scalars(start, 0, bytes.count) == bytes.count
      var run = SplitRun(text: text, base: start, isASCII: isASCII, size: size, overlap: overlap)
      run.pieces.reserveCapacity(bytes.count / size + 1)
      run.split(0..<bytes.count, by: .paragraph, offset: 0)
      return run.pieces
    }
    return pieces ?? []  // Never nil: the text was made contiguous.
  }
}

/// The separators, strongest first.
private enum Separator: Int {
  /// Two line feeds.
  case paragraph
  /// One line feed.
  case line
  /// One space.
  case space
  /// Between any two scalars.
  case scalar
  /// Nothing is left to cut at: a piece of one scalar stays as it is.
  case none

  /// What is tried on a part that is too long.
  var weaker: Separator { Separator(rawValue: rawValue + 1) ?? .none }
}

/// One text being split.
///
/// A part is what lies between two neighbouring borders, and a border is where a separator begins (it stays with the text
/// after it). Positions are bytes from `base` and always lie in the range given to `split`, the only entry: that is
/// what makes the unchecked reads safe. Lives only inside the closure that lends `base`.
private struct SplitRun {
  /// The text whose bytes these are.
  let text: String
  let base: UnsafePointer<UInt8>
  /// One byte is one scalar, so that nothing has to be counted.
  let isASCII: Bool
  let size: Int
  let overlap: Int
  var pieces: [RecursiveSplitter.Piece] = []

  private static let lineFeed: UInt8 = 10
  private static let blank: UInt8 = 32

  /// Splits `range` by the strongest separator in it that is not stronger than `strongest`.
  mutating func split(_ range: Range<Int>, by strongest: Separator, offset: Int) {
    let separator = present(in: range, from: strongest)
    guard separator != .none else {
      append(range, offset: offset)
      return
    }
    let end = range.upperBound
    var start = range.lowerBound
    var startOffset = offset
    while start < end {
      let firstEnd = next(after: start, before: end, separator)
      if isLong(start..<firstEnd) {
        split(start..<firstEnd, by: separator.weaker, offset: startOffset)
        startOffset += count(start..<firstEnd)
        start = firstEnd
      } else {
        (start, startOffset) = merge(
          from: start, through: firstEnd, before: end, separator, offset: startOffset)
      }
    }
  }

  /// Joins parts to pieces from `start` until a part is too long to be joined, or until `end`.
  ///
  /// - Returns: Where to go on, and its offset in scalars.
  private mutating func merge(
    from start: Int, through firstEnd: Int, before end: Int, _ separator: Separator, offset: Int
  ) -> (Int, Int) {
    var start = start
    var offset = offset
    // The furthest border that is known to fit into the piece that begins at `start`.
    var fitting = firstEnd
    while true {
      let reach = advanced(start, by: size, before: end)
      let border = reach == end ? end : lastBorder(from: fitting, through: reach, end, separator)
      emit(start..<border, offset: offset)
      guard border < end else { return (end, offset) }
      let nextEnd = next(after: border, before: end, separator)
      if isLong(border..<nextEnd) {
        offset += count(start..<border)
        split(border..<nextEnd, by: separator.weaker, offset: offset)
        return (nextEnd, offset + count(border..<nextEnd))
      }
      // The next piece begins at the first border that keeps the overlap and leaves room for the part that did not fit.
      var earliest = retreated(border, by: overlap, after: start)
      if nextEnd - earliest > size {
        earliest = max(earliest, retreated(nextEnd, by: size, after: start))
      }
      var newStart = lastBorder(from: start, through: earliest, end, separator)
      if newStart < earliest { newStart = next(after: newStart, before: end, separator) }
      offset += count(start..<newStart)
      start = newStart
      fitting = nextEnd
    }
  }

  // MARK: Borders

  /// The strongest separator from `strongest` on that stands in `range`.
  private func present(in range: Range<Int>, from strongest: Separator) -> Separator {
    let (lower, upper) = (range.lowerBound, range.upperBound)
    if strongest == .none { return .none }
    if strongest == .paragraph, firstPair(lower, upper) != nil { return .paragraph }
    let mayBeLine = strongest == .paragraph || strongest == .line
    if mayBeLine, first(Self.lineFeed, lower, upper) != nil { return .line }
    if strongest != .scalar, first(Self.blank, lower, upper) != nil { return .space }
    return .scalar
  }

  /// The first border after the border `border`, or `end`.
  @inline(__always)
  private func next(after border: Int, before end: Int, _ separator: Separator) -> Int {
    switch separator {
    case .paragraph:
      let isPair =
        border + 1 < end && base[border] == Self.lineFeed && base[border + 1] == Self.lineFeed
      return firstPair(border + (isPair ? 2 : 1), end) ?? end
    case .line: return first(Self.lineFeed, border + 1, end) ?? end
    case .space: return first(Self.blank, border + 1, end) ?? end
    case .scalar, .none: return UTF8Count.scalarStart(base, border + 1, end)
    }
  }

  /// The last border up to and including `limit`, where `border` is one and `border <= limit < end`.
  @inline(__always)
  private func lastBorder(
    from border: Int, through limit: Int, _ end: Int, _ separator: Separator
  ) -> Int {
    switch separator {
    case .paragraph: return lastPair(from: border, through: limit, end) ?? border
    case .line: return last(Self.lineFeed, border, limit + 1) ?? border
    case .space: return last(Self.blank, border, limit + 1) ?? border
    case .scalar, .none: return limit
    }
  }

  /// The first place of `byte` in `lower..<upper`.
  @inline(__always)
  private func first(_ byte: UInt8, _ lower: Int, _ upper: Int) -> Int? {
    guard lower < upper, let hit = memchr(base + lower, Int32(byte), upper - lower) else {
      return nil
    }
    return UnsafeRawPointer(hit) - UnsafeRawPointer(base)
  }

  /// The last place of `byte` in `lower..<upper`; Glibc's memrchr does not import.
  @inline(__always)
  private func last(_ byte: UInt8, _ lower: Int, _ upper: Int) -> Int? {
    let raw = UnsafeRawPointer(base)
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
    var end = upper
    while end - lower >= 8 {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self))
      let other = word ^ pattern
      // The high bit of each byte that is zero in `other`, exactly: no carry leaves its byte.
      let hits = ~(((other & low) + low) | other | low)
      if hits != 0 { return end - 1 - hits.leadingZeroBitCount / 8 }
      end -= 8
    }
    while end > lower {
      end -= 1
      if base[end] == byte { return end }
    }
    return nil
  }

  /// The first place in `lower..<upper` where two line feeds begin.
  private func firstPair(_ lower: Int, _ upper: Int) -> Int? {
    var from = lower
    while let hit = first(Self.lineFeed, from, upper - 1) {
      if base[hit + 1] == Self.lineFeed { return hit }
      from = hit + 2
    }
    return nil
  }

  /// The last place from the border `border` through `limit` where a pair of line feeds begins.
  ///
  /// In a row of line feeds pairs are told from the left, as a search does; `border` is never inside one.
  private func lastPair(from border: Int, through limit: Int, _ end: Int) -> Int? {
    var upper = min(limit + 2, end)
    while let hit = last(Self.lineFeed, border, upper) {
      var row = hit
      while row > border, base[row - 1] == Self.lineFeed { row -= 1 }
      let pairs = (hit + 1 - row) / 2
      if pairs > 0 { return row + 2 * (pairs - 1) }
      upper = row
    }
    return nil
  }

  // MARK: Scalars

  /// Whether a part may not be joined to others but must be cut further.
  @inline(__always)
  private func isLong(_ part: Range<Int>) -> Bool {
    part.count >= size && count(part) >= size
  }

  @inline(__always)
  private func count(_ range: Range<Int>) -> Int {
    isASCII ? range.count : UTF8Count.scalars(base, range.lowerBound, range.upperBound)
  }

  /// The position `distance` scalars after `start`, at most `end`.
  @inline(__always)
  private func advanced(_ start: Int, by distance: Int, before end: Int) -> Int {
    var position = start
    var left = distance
    // `left` scalars have at least as many bytes, so each step is safe to take whole.
    while left > 0, position < end {
      let step = min(left, end - position)
      left -= count(position..<position + step)
      position += step
    }
    return isASCII ? position : UTF8Count.scalarStart(base, position, end)
  }

  /// The position `distance` scalars before `end`, at least `start`.
  @inline(__always)
  private func retreated(_ end: Int, by distance: Int, after start: Int) -> Int {
    var position = end
    var left = distance
    while left > 0, position > start {
      let step = min(left, position - start)
      left -= count(position - step..<position)
      position -= step
    }
    return position
  }

  // MARK: Pieces

  /// Adds a piece without the white space at its ends; nothing when only that is there.
  private mutating func emit(_ range: Range<Int>, offset: Int) {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper {
      let width = PythonSpace.width(at: base + lower, upper - lower)
      if width == 0 { break }
      lower += width
    }
    while upper > lower {
      let width = PythonSpace.width(before: base + upper, upper - lower)
      if width == 0 { break }
      upper -= width
    }
    guard lower < upper else { return }
    append(lower..<upper, offset: offset + count(range.lowerBound..<lower))
  }

  /// Adds a piece as it stands.
  private mutating func append(_ range: Range<Int>, offset: Int) {
    let lower = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
    let upper = text.utf8.index(lower, offsetBy: range.count)
    // A slice of a string is not looked through for bad UTF-8 again, which decoding the bytes would do.
    pieces.append(
      RecursiveSplitter.Piece(
        text: String(text[lower..<upper]), offset: offset, length: count(range)))
  }
}

/// Counting scalars in UTF-8: every byte but a continuation byte (10xxxxxx) begins one.
private enum UTF8Count {
  /// Scalars that begin in `lower..<upper`; reads 32 bytes at a time, then 8, then 1.
  static func scalars(_ base: UnsafePointer<UInt8>, _ lower: Int, _ upper: Int) -> Int {
    let raw = UnsafeRawPointer(base)
    let ones: UInt64 = 0x0101_0101_0101_0101
    let even = SIMD4<UInt64>(repeating: 0x00FF_00FF_00FF_00FF)
    var continuations = 0
    var position = lower
    while position + 32 <= upper {
      // Each byte of `counts` counts the continuation bytes in its column; 255 rows at most, so none overflows.
      var counts = SIMD4<UInt64>.zero
      let stop = position + min((upper - position) / 32, 255) * 32
      while position < stop {
        let words = raw.loadUnaligned(fromByteOffset: position, as: SIMD4<UInt64>.self)
        counts &+= (words &>> 7) & (~words &>> 6) & ones
        position += 32
      }
      let pairs = (counts & even) &+ ((counts &>> 8) & even)
      continuations &+= Int((pairs.wrappedSum() &* 0x0001_0001_0001_0001) >> 48)
    }
    while position + 8 <= upper {
      let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      continuations &+= Int((((word &>> 7) & (~word &>> 6) & ones) &* ones) >> 56)
      position += 8
    }
    while position < upper {
      continuations &+= base[position] & 0xC0 == 0x80 ? 1 : 0
      position += 1
    }
    return upper - lower - continuations
  }

  /// The first position from `position` on that begins a scalar, or `end`.
  @inline(__always)
  static func scalarStart(_ base: UnsafePointer<UInt8>, _ position: Int, _ end: Int) -> Int {
    var position = position
    while position < end, base[position] & 0xC0 == 0x80 { position += 1 }
    return position
  }
}

/// White space as Python's `str.strip` has it.
///
/// It has U+001C to U+001F, which Unicode's White_Space property has not; neither has U+200B.
private enum PythonSpace {
  /// Bytes of the white space scalar that begins at `bytes`, 0 if none does within `length` bytes.
  static func width(at bytes: UnsafePointer<UInt8>, _ length: Int) -> Int {
    let lead = bytes[0]
    if lead < 0x80 { return isSpace(lead) ? 1 : 0 }
    if lead == 0xC2 { return length >= 2 && isSpace(lead, bytes[1]) ? 2 : 0 }
    return length >= 3 && isSpace(lead, bytes[1], bytes[2]) ? 3 : 0
  }

  /// Bytes of the white space scalar that ends just before `bytes`, 0 if none does within `length` bytes.
  static func width(before bytes: UnsafePointer<UInt8>, _ length: Int) -> Int {
    let final = bytes[-1]
    if final < 0x80 { return isSpace(final) ? 1 : 0 }
    if length >= 2, isSpace(bytes[-2], final) { return 2 }
    return length >= 3 && isSpace(bytes[-3], bytes[-2], final) ? 3 : 0
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte) || (0x1C...0x1F).contains(byte)
  }

  /// U+0085, U+00A0.
  private static func isSpace(_ first: UInt8, _ second: UInt8) -> Bool {
    first == 0xC2 && (second == 0x85 || second == 0xA0)
  }

  /// U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
  private static func isSpace(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
    switch (first, second) {
    case (0xE1, 0x9A): third == 0x80
    case (0xE2, 0x80): (0x80...0x8A).contains(third) || [0xA8, 0xA9, 0xAF].contains(third)
    case (0xE2, 0x81): third == 0x9F
    case (0xE3, 0x80): third == 0x80
    default: false
    }
  }
}
