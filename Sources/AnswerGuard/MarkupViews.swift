// The reply as a page shows it: without tags, link targets and the marks of Markdown; and what stands in them (step 1).
//
// Whether "<" opens a tag is known only at ">". Until then the text counts as shown; at ">" the reading goes back to where
// the tag began. So both readings are complete at every moment, and nothing is found too late.

/// The readings with and within markup.
struct MarkupViews: Sendable {
  private static let longest = 400

  private var shown = Track(.withoutMarkup)
  private var inside = Track(.insideMarkup)
  /// What stands in quotes in tags and targets: attributes and titles.
  private var quoted = Track(.insideMarkup)
  private var quote: Unicode.Scalar?
  /// The reading before the tag or target that is open.
  private var before: Track?
  private var closing: Unicode.Scalar = ">"
  private var length = 0
  private var previous: Unicode.Scalar = " "

  /// Takes the next scalar of the reply.
  mutating func feed(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    defer { previous = scalar }
    if scalar == "<" || scalar == "(" && previous == "]" {
      before = shown
      closing = scalar == "<" ? ">" : ")"
      length = 0
      quote = nil
      return shown.feed(scalar, patterns) ?? inside.feed(" ", patterns)
    }
    guard let saved = before else { return feedShown(scalar, patterns) }
    if scalar == closing {
      shown = saved
      before = nil
      return inside.feed(" ", patterns)
    }
    length += 1
    let isTag =
      length > 1 || closing == ")" || scalar == "/" || scalar == "!"
      || scalar.isLetter
    if !isTag || length > Self.longest { before = nil }
    return feedShown(scalar, patterns) ?? inside.feed(scalar, patterns)
      ?? feedQuoted(scalar, patterns)
  }

  private mutating func feedQuoted(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    if let open = quote {
      if scalar == open { quote = nil }
      return quoted.feed(scalar == open ? " " : scalar, patterns)
    }
    if scalar == "\"" || scalar == "'" { quote = scalar }
    return nil
  }

  /// What would be found if the text ended here.
  func settled(_ patterns: borrowing PrivatePatterns) -> Violation? {
    shown.settled(patterns) ?? inside.settled(patterns) ?? quoted.settled(patterns)
  }

  private mutating func feedShown(
    _ scalar: Unicode.Scalar, _ patterns: borrowing PrivatePatterns
  ) -> Violation? {
    switch scalar {
    case "*", "_", "`", "~", "[", "]": nil
    default: shown.feed(scalar, patterns)
    }
  }
}
