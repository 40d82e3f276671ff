// The names of things that flow: a type each, so that a chatbot's id cannot stand where a source's is meant.
//
// All share one grammar (1 to 32 of a-z 0-9), which is also that of a spool lane and safe as a file name and in a URL.
// Nothing here draws an identifier: chance and digests are I/O's business (Storage, Spool).

/// A checked name: 1 to 32 of `a-z 0-9`.
package protocol Identifier: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The checked text.
  var text: String { get }
  /// Wraps text that is already known to follow the grammar; call `init?(_:)` for anything from outside.
  init(unchecked text: String)
}

extension Identifier {
  /// Checks `text` against the grammar; nil when it does not follow it.
  package init?(_ text: String) {
    guard (1...32).contains(text.utf8.count),
      text.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) })
    else { return nil }
    self.init(unchecked: text)
  }

  /// Decodes a JSON string.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for text outside the grammar.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let checked = Self(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "an identifier is 1 to 32 of a-z 0-9")
    }
    self = checked
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

  package var description: String { text }
}

/// One chatbot; also its lane in the spool and its folder under `shards/`.
package struct ChatbotID: Identifier {
  package let text: String
  package init(unchecked text: String) { self.text = text }
}

/// One thing an owner asked for: a file, a page, a site.
package struct SourceID: Identifier {
  package let text: String
  package init(unchecked text: String) { self.text = text }
}

/// One training run of one chatbot.
package struct RunID: Identifier {
  package let text: String
  package init(unchecked text: String) { self.text = text }
}

/// One page or file within a source; the same source and URI always give the same id.
package struct DocumentID: Identifier {
  package let text: String
  package init(unchecked text: String) { self.text = text }
}

/// One chunk of one document; the same document, place and text always give the same id.
package struct ChunkID: Identifier {
  package let text: String
  package init(unchecked text: String) { self.text = text }
}
