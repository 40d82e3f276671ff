// Cuts one document into chunks, each with its place: page, heading path, second.
//
// RecursiveSplitter says where; a piece with more tokens than the embedder reads is halved until it fits, so that nothing is
// ever cut off silently. Tokens come from a function, so that this knows no model. Does no I/O and keeps nothing.

private import COpenSSL
package import Corpus

/// Recursive splitting of a document, bounded in tokens, with places.
package struct Chunker: Sendable {
  private let splitter: RecursiveSplitter
  private let maxTokens: Int
  private let countTokens: @Sendable (String) -> Int

  /// Makes a chunker.
  ///
  /// `size` and `overlap` are Unicode scalars. `maxTokens` is what the embedder reads at most and `countTokens` what
  /// its tokenizer makes of a text, both with the special tokens.
  package init(
    size: Int = 1000, overlap: Int = 200, maxTokens: Int = 512,
    countTokens: @escaping @Sendable (String) -> Int
  ) {
    self.splitter = RecursiveSplitter(size: size, overlap: overlap)
    self.maxTokens = maxTokens
    self.countTokens = countTokens
  }

  /// The chunks of `document` in the order of its text; none when it has only white space.
  ///
  /// Halves of a piece with too many tokens do not overlap.
  package func chunks(of document: Document) -> [Chunk] {
    var pieces: [CountedPiece] = []
    for piece in splitter.pieces(of: document.content.text) {
      fit(CountedPiece(piece, tokens: countTokens(piece.text)), into: &pieces)
    }
    var places = Places(of: document.content)
    return pieces.enumerated().map { ordinal, piece in
      let span = piece.offset..<piece.offset + piece.length
      return Chunk(
        id: Self.id(of: document.description.document, ordinal: ordinal, text: piece.text),
        description: document.description, ordinal: ordinal, count: pieces.count,
        offset: piece.offset, place: places.next(span, piece.text), tokens: piece.tokens,
        text: piece.text)
    }
  }

  /// The name of a chunk: the same document, ordinal and text always give the same one.
  ///
  /// The first 130 bits of SHA-256 over `document LF ordinal LF text`, as 26 of `a-z 2-7` (RFC 4648 base32, lower case).
  package static func id(of document: DocumentID, ordinal: Int, text: String) -> ChunkID {
    let message = Array("\(document.text)\n\(ordinal)\n\(text)".utf8)
    var digest = [UInt8](repeating: 0, count: 32)
    _ = SHA256(message, message.count, &digest)
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    let letters = (0..<26).map { letter in
      let value = (0..<5).reduce(0) { value, bit in
        let position = letter * 5 + bit
        return value << 1 | Int(digest[position / 8] >> (7 - position % 8) & 1)
      }
      return alphabet[value]
    }
    return ChunkID(unchecked: String(decoding: letters, as: UTF8.self))
  }

  // MARK: Fitting

  private struct CountedPiece {
    let text: String
    let offset: Int
    let length: Int
    let tokens: Int

    init(_ piece: RecursiveSplitter.Piece, tokens: Int) {
      self.init(text: piece.text, offset: piece.offset, length: piece.length, tokens: tokens)
    }

    init(text: String, offset: Int, length: Int, tokens: Int) {
      self.text = text
      self.offset = offset
      self.length = length
      self.tokens = tokens
    }
  }

  /// Appends `piece`, in halves of halves when it has too many tokens.
  ///
  /// A single scalar is never cut, however many tokens it has.
  private func fit(_ piece: CountedPiece, into pieces: inout [CountedPiece]) {
    guard piece.tokens > maxTokens, piece.length > 1 else {
      pieces.append(piece)
      return
    }
    let scalars = Array(piece.text.unicodeScalars)
    let border = Self.middleBorder(of: scalars)
    for range in [0..<border, border..<scalars.count] {
      var range = range
      while let first = range.first, Self.isSpace(scalars[first]) { range.removeFirst() }
      while let last = range.last, Self.isSpace(scalars[last]) { range.removeLast() }
      guard !range.isEmpty else { continue }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars[range])
      let half = String(text)
      fit(
        CountedPiece(
          text: half, offset: piece.offset + range.lowerBound, length: range.count,
          tokens: countTokens(half)),
        into: &pieces)
    }
  }

  /// Where to halve at least two scalars: in `1..<scalars.count`, as near to the middle as its kind allows.
  ///
  /// In the middle half of the text it takes the border nearest to the middle of the best kind there is: a line's end, a
  /// sentence's end, white space, a comma (sentences and commas also of scripts without spaces). Else
  /// anywhere that is not before a combining mark or beside a joiner, and at last anywhere at all.
  private static func middleBorder(of scalars: [Unicode.Scalar]) -> Int {
    let middle = scalars.count / 2
    let quarter = scalars.count / 4
    let byDistance = (0...quarter).lazy.flatMap { [middle - $0, middle + $0] }
      .filter { $0 > 0 && $0 < scalars.count }
    let kinds: [(Unicode.Scalar, Unicode.Scalar) -> Bool] = [
      { before, _ in before == "\n" },
      { before, after in
        "。！？｡।॥".unicodeScalars.contains(before)
          || (".!?".unicodeScalars.contains(before) && isSpace(after))
      },
      { before, _ in isSpace(before) },
      { before, _ in "、，；：,;:".unicodeScalars.contains(before) },
      { before, after in
        !after.properties.isGraphemeExtend && before != "\u{200D}" && after != "\u{200D}"
      },
    ]
    for isBorder in kinds {
      if let border = byDistance.first(where: { isBorder(scalars[$0 - 1], scalars[$0]) }) {
        return border
      }
    }
    return middle
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }
}

/// The places of a text's chunks, asked for in the order of the text.
private struct Places {
  private let content: AnchoredText
  /// Headings that begin at or before the last asked position: how many, and those that still govern.
  private var passed = 0
  private var path: [AnchoredText.Heading] = []
  /// Where the chunks so far end.
  private var end = 0

  init(of content: AnchoredText) {
    self.content = content
  }

  /// The place of the chunk `text` that covers `span`, in scalars.
  ///
  /// The page and the second are those at the chunk's start. The headings are those at its first scalar that the chunk before
  /// did not have: what overlaps belongs to the section before, and is found there. Where a heading is followed by nothing but
  /// a deeper heading, the deeper one counts, since the text of the chunk stands under both.
  mutating func next(_ span: Range<Int>, _ text: String) -> Place {
    let repeated = max(0, min(end, span.upperBound - 1) - span.lowerBound)
    let blanks = text.unicodeScalars.dropFirst(repeated).prefix { $0.properties.isWhitespace }
    let start = span.lowerBound + repeated + blanks.count
    end = max(end, span.upperBound)
    while passed < content.headings.count {
      let heading = content.headings[passed]
      guard heading.offset <= start || isBare(before: heading, in: span) else { break }
      path.removeAll { $0.level >= heading.level }
      path.append(heading)
      passed += 1
    }
    let page = Self.number(at: span, in: content.pages)
    let pageMarks = Self.count(of: content.pages, before: span.upperBound)
    let lastPage = pageMarks > 0 ? content.pages[pageMarks - 1].number : nil
    return Place(
      page: page, lastPage: lastPage == page ? nil : lastPage,
      second: Self.number(at: span, in: content.times), headingPath: path.map(\.title))
  }

  /// Whether `heading` comes inside `span` right after a higher one that governs, with no text in between.
  ///
  /// Eight scalars are left for the blank line and for markers such as `## `.
  private func isBare(before heading: AnchoredText.Heading, in span: Range<Int>) -> Bool {
    guard let last = path.last, last.level < heading.level, span.contains(last.offset),
      span.contains(heading.offset)
    else { return false }
    return heading.offset &- last.offset <= last.title.unicodeScalars.count + 8
  }

  /// The number of the last mark at or before the span's start, else of the first one inside it.
  private static func number(at span: Range<Int>, in marks: [AnchoredText.Mark]) -> Int? {
    let passed = count(of: marks, before: span.lowerBound + 1)
    if passed > 0 { return marks[passed - 1].number }
    guard let first = marks.first, first.offset < span.upperBound else { return nil }
    return first.number
  }

  /// How many marks begin before `offset`, by halving: marks ascend.
  private static func count(of marks: [AnchoredText.Mark], before offset: Int) -> Int {
    var low = 0
    var high = marks.count
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
