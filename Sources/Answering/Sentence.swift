// One sentence of a text, with what its surroundings say of it.

/// A sentence, a list item or a table's row.
struct Sentence: Hashable {
  /// On one line, white space single, without a list's bullet.
  let text: String
  /// Unicode scalars from the start of the split text.
  let range: Range<Int>
  let isListItem: Bool
  /// Whether it stands alone between blank lines (or the text's ends), without punctuation at its end, as headings do.
  let isHeadingLike: Bool

  /// Whether it asks: not an answer itself, but what follows may be.
  var isQuestion: Bool { text.hasSuffix("?") || text.hasSuffix("？") || text.hasSuffix("؟") }
}
