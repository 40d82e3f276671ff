// Text that came out of a shard, classed by its source's row. `Citable` is the only one of the two that can be encoded:
// learn-only text cannot be sent to a visitor, because the code that would do it does not compile (PRIVACY.md).

/// A passage a visitor may see.
package struct Citable: Encodable, Hashable, Sendable {
  package let source: SourceID
  package let description: DocumentDescription
  /// 0-based position among the document's chunks.
  package let ordinal: Int
  package let place: Place
  /// Where the place changes inside the text.
  package let changes: [PlaceChange]
  package let text: String

  fileprivate init(_ chunk: Chunk) {
    self.source = chunk.description.source
    self.description = chunk.description
    self.ordinal = chunk.ordinal
    self.place = chunk.place
    self.changes = chunk.changes
    self.text = chunk.text
  }
}

/// A passage that may steer an answer and is never shown.
///
/// Has no encoder; printing and mirroring give a fixed word, so logs and interpolation show nothing.
package struct LearnOnly: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The private text.
  ///
  /// Reading it is deliberate: a caller that is not the prompt builder or the guard has no business here.
  package let privateText: String

  fileprivate init(_ chunk: Chunk) { self.privateText = chunk.text }

  package var description: String { "(learn-only)" }
  package var debugDescription: String { "(learn-only)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A passage with its class.
package enum Passage: Sendable {
  case citable(Citable)
  case learnOnly(LearnOnly)

  /// Classes a chunk by its source's visibility.
  ///
  /// No row means no visibility and so no passage: the caller has none to pass.
  package init(_ chunk: Chunk, visibility: Visibility) {
    switch visibility {
    case .citable: self = .citable(Citable(chunk))
    case .learnOnly: self = .learnOnly(LearnOnly(chunk))
    }
  }
}
