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

  private init(_ first: Citable, changes: [PlaceChange], text: String) {
    self.source = first.source
    self.description = first.description
    self.ordinal = first.ordinal
    self.place = first.place
    self.changes = changes
    self.text = text
  }

  /// A gap between two chunks is white space that the splitter took away; more is something else.
  private static let longestGap = 64

  /// This passage with the one that follows it in its document; what both hold stands in it once.
  ///
  /// - Parameters:
  ///   - next: the chunk after this one's last.
  ///   - distance: Unicode scalars from this one's start to that one's, as their chunks say.
  /// - Returns: nil when the two are of two documents or do not lie side by side.
  package func joined(with next: Citable, at distance: Int) -> Citable? {
    let count = text.unicodeScalars.count
    guard next.source == source, next.description.document == description.document, distance > 0,
      distance <= count + Self.longestGap
    else { return nil }
    var joined = text
    if distance > count {
      joined += String(repeating: distance == count + 1 ? " " : "\n", count: distance - count)
    }
    joined.unicodeScalars.append(
      contentsOf: next.text.unicodeScalars.dropFirst(max(0, count - distance)))
    let moved = next.changes.map { PlaceChange(offset: distance + $0.offset, place: $0.place) }
    return Citable(self, changes: changes.filter { $0.offset < distance } + moved, text: joined)
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
