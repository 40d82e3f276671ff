// One sentence of a text, with what its surroundings say of it.

/// A sentence, a list item or a table's row.
struct Sentence: Hashable {
  /// What a sentence is to those around it.
  enum Role: Hashable {
    case text
    /// An item of a list.
    case listItem
    /// A short line between blank lines (or the text's ends) without an end mark.
    case heading
    /// A short line without an end mark, right above the line that it introduces.
    case lead
    /// A sentence of the question in a dialogue, whether it asks or only says what it is about.
    case question
  }

  /// On one line, white space single, without a list's bullet or number.
  let text: String
  /// Unicode scalars from the start of the split text.
  let range: Range<Int>
  let role: Role
  /// Number of the paragraph, item or row it is part of.
  let unit: Int

  /// Whether it asks: not an answer itself, but what follows may be.
  var isQuestion: Bool {
    role == .question || text.hasSuffix("?") || text.hasSuffix("？") || text.hasSuffix("؟")
  }
}
