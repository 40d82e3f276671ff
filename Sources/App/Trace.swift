// The chain behind a citation, as found: each link says what is known and, when it does not hold, why not.

import Spool

/// What a citation refers to: the beginning of a document's id and, after a dot, the number of a chunk.
package struct TraceReference: Sendable, Hashable, CustomStringConvertible {
  /// Six or more of `a-z 0-9`.
  package let document: String
  /// 0-based position among the document's chunks; nil for the document as a whole.
  package let ordinal: Int?

  /// Reads `q7k2m9x4.12`, or a document's id; nil when it is neither.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let first = parts.first, first.utf8.count >= 6,
      ItemName.isLane(String(first))
    else { return nil }
    document = String(first)
    if parts.count == 2 {
      guard let number = Int(parts[1]), number >= 0, String(number) == parts[1] else { return nil }
      ordinal = number
    } else {
      ordinal = nil
    }
  }

  package var description: String { document + (ordinal.map { ".\($0)" } ?? "") }
}

/// The links from a chunk to what was fetched, the outermost last.
package struct Trace: Sendable {
  /// One link.
  package struct Link: Sendable {
    /// chunk, shard, document, page, bytes, source or run.
    package let name: String
    /// In the order they are shown.
    package var facts: [(name: String, value: JSONValue)] = []
    /// Why the chain does not hold here, and what to do.
    package var broken: String?

    init(_ name: String) { self.name = name }

    /// Adds a fact; nothing when it is not known.
    mutating func add(_ name: String, _ text: String?) {
      if let text { facts.append((name, .string(text))) }
    }

    mutating func add(_ name: String, _ number: Int?) {
      if let number { facts.append((name, .integer(number))) }
    }

    /// The first reason counts: what follows from it is no news.
    mutating func breaks(_ why: String) { broken = broken ?? why }
  }

  package let reference: TraceReference
  package let chatbot: String
  package var links: [Link] = []

  /// Whether every link stands.
  package var isWhole: Bool { links.allSatisfy { $0.broken == nil } }
}

/// Why there is nothing to follow.
package enum TraceError: Error, Sendable, CustomStringConvertible {
  /// Neither a shard nor a row knows it; `unreadable` says which shards could not be asked.
  case none(TraceReference, unreadable: [String])
  /// Documents that begin so, with their chatbots.
  case ambiguous(TraceReference, [(document: String, chatbot: String)])

  package var description: String {
    switch self {
    case .none(let reference, let unreadable):
      "no document begins with \(reference.document): no shard and no row knows it; check --data, "
        + "or ask again, since references change when a document's address does"
        + unreadable.map { "\n  not asked: \($0)" }.joined()
    case .ambiguous(let reference, let found):
      "\(reference) may be \(found.count) documents; give the whole id, or --chatbot:\n"
        + found.prefix(20).map { "  \($0.document)  of \($0.chatbot)" }.joined(separator: "\n")
    }
  }
}
