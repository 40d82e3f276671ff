// Cuts one document into chunks, each with its place: page, heading path, second.
//
// RecursiveSplitter says where; a piece with more tokens than the embedder reads is halved until it fits, so that nothing is
// ever cut off silently. Tokens come from a function, so that this knows no model. Does no I/O and keeps nothing.

package import Corpus
import Spool

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
        offset: piece.offset, place: places.next(span, piece.text),
        changes: places.changes(in: span), tokens: piece.tokens, text: piece.text)
    }
  }

  /// The name of a chunk: the same document, ordinal and text always give the same one.
  ///
  /// The first 130 bits of SHA-256 over `document LF ordinal LF text`, as 26 of `a-z 2-7` (RFC 4648 base32, lower case).
  package static func id(of document: DocumentID, ordinal: Int, text: String) -> ChunkID {
    let digest = SHA256Digest(of: document.chunkSeed(ordinal: ordinal, text: text))
    return ChunkID(unchecked: digest.shortName)
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
