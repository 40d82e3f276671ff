// Which of a source's pages stand for others. Pages that say nearly word for word the same are indexed once; the one that is kept
// names the others, its aliases. What "nearly" is decides ComparedText; here it is decided who is kept:
//
// - one that stands already stays, as long as it lives; of new ones the one that says most, then the one with the plainest address;
// - each alias was compared with the page that is kept, never with another alias, so that likeness does not creep;
// - when a kept page leaves, or says something else now, and an alias has not been read anew, that alias takes its place with the
//   text that stands there. It is read in full the next time, because its digests are those of that text.
//
// All of it follows from the current generation, the order and the run's documents, each taken in the order of names: arrival
// and repeats change nothing. Pages of two sources are never compared, for each source has its own privacy.

import Corpus
import Spool

/// A document of the next generation, so far as its likeness goes.
struct ComparedDocument {
  let description: DocumentDescription
  /// Unicode scalars of a document, put together again out of its chunks; read only when somebody looks closer.
  let text: () throws -> String

  /// A text is compared under its title, unless that is only the address's last part.
  func compared() throws -> ComparedText {
    let isNamed =
      !description.title.isEmpty && !description.uri.hasSuffix(description.title)
      && !description.uri.contains("/\(description.title)?")
    return ComparedText(
      try text(), title: isNamed ? description.title : nil, uri: description.uri)
  }

  /// Whether likeness is looked at: pages of the web only, a file is what its owner chose.
  static func isPage(_ description: DocumentDescription) -> Bool {
    description.uri.hasPrefix("http://") || description.uri.hasPrefix("https://")
  }

  /// The text of chunks that overlap.
  static func text(of chunks: [Chunk]) -> String {
    var scalars = String.UnicodeScalarView()
    var end = 0
    for chunk in chunks {
      let text = chunk.text.unicodeScalars
      if chunk.offset > end { scalars.append("\n") }
      scalars.append(contentsOf: text.dropFirst(max(0, end - chunk.offset)))
      end = max(end, chunk.offset + text.count)
    }
    return String(scalars)
  }
}

/// What becomes of the documents of one build.
struct NearDuplicates {
  /// Documents that are in no generation by themselves, with the one that stands for each.
  private(set) var keptBy: [DocumentID: Receipt.Kept] = [:]
  /// What each kept document, old or new, stands for; only of those that stand for something or did so.
  private(set) var aliases: [DocumentID: [Alias]] = [:]
  /// Likenesses of new documents.
  private(set) var likenesses: [DocumentID: String] = [:]
  /// Leaving documents whose text goes on under an alias's name.
  private(set) var promoted: [DocumentID: Alias] = [:]

  /// Kept documents by the part of their likeness that must be equal.
  private var kept: [Key: [Kept]] = [:]

  /// What two documents must have in common to be compared at all.
  private struct Key: Hashable {
    let source: SourceID
    let exact: UInt64

    init(_ likeness: Likeness, _ document: ComparedDocument) {
      source = document.description.source
      exact = likeness.exact
    }
  }

  private struct Kept {
    /// Read once: a site's thousands of pages with one title and no figures are all compared with each other.
    let likeness: Likeness
    let document: ComparedDocument
  }

  /// Pages that are looked at closer for one page, the likest first: what is nearly the same is among the first of them.
  private static let closest = 8

  /// - Parameters:
  ///   - added: the run's documents, whole.
  ///   - standing: documents of the current generation that stay as they are.
  ///   - leaving: those that leave or are replaced.
  ///   - settled: documents that are read anew or leave by this order: an alias among them is none any more.
  ///   - replacing: those of `added` that stand in the current generation.
  ///   - isPromoting: whether an alias may take the place of a leaving document.
  init(
    added: [ComparedDocument], standing: [ComparedDocument], leaving: [ComparedDocument],
    settled: Set<DocumentID>, replacing: Set<DocumentID>, isPromoting: Bool
  ) throws {
    for document in standing {
      if let known = document.description.aliases {
        aliases[document.description.document] = known.filter { !settled.contains($0.document) }
      }
      if let likeness = document.description.likeness, ComparedDocument.isPage(document.description)
      {
        keep(document, likeness)
      }
    }
    // Texts are not kept: a run may have a hundred thousand of them.
    var fresh: [(document: ComparedDocument, words: Int, likeness: String)] = []
    for document in added where ComparedDocument.isPage(document.description) {
      let compared = try document.compared()
      fresh.append((document, compared.wordCount, compared.likeness))
    }
    fresh.sort { left, right in
      let stands = [left, right].map { replacing.contains($0.document.description.document) }
      if stands[0] != stands[1] { return stands[0] }
      if left.words != right.words { return left.words > right.words }
      return Self.precedes(left.document.description, right.document.description)
    }
    for (document, _, likeness) in fresh {
      let id = document.description.document
      if let other = try keeper(of: document, likeness: likeness) {
        keptBy[id] = Receipt.Kept(document: other.document.text, uri: other.uri)
        aliases[other.document, default: []].append(Alias(document.description))
      } else {
        likenesses[id] = likeness
        keep(document, likeness)
      }
    }
    for document in leaving.sorted(by: { $0.description.document < $1.description.document }) {
      let orphans = (document.description.aliases ?? []).filter { !settled.contains($0.document) }
      guard isPromoting, let likeness = document.description.likeness, !orphans.isEmpty else {
        continue
      }
      let heir = try keeper(of: document, likeness: likeness)
      let first = orphans.min { Self.precedes($0.uri, $0.document, $1.uri, $1.document) }
      if heir == nil { promoted[document.description.document] = first }
      guard let name = heir.map({ ($0.document, $0.uri) }) ?? first.map({ ($0.document, $0.uri) })
      else { continue }
      for orphan in orphans where orphan.document != name.0 {
        keptBy[orphan.document] = Receipt.Kept(document: name.0.text, uri: name.1)
        aliases[name.0, default: []].append(orphan)
      }
    }
    aliases = aliases.mapValues { $0.sorted { $0.document < $1.document } }
  }

  private mutating func keep(_ document: ComparedDocument, _ text: String) {
    guard let likeness = Likeness(text) else { return }
    kept[Key(likeness, document), default: []].append(Kept(likeness: likeness, document: document))
  }

  /// The kept page that says all that a page says; nil when none does.
  private func keeper(
    of document: ComparedDocument, likeness: String
  ) throws -> DocumentDescription? {
    guard let likeness = Likeness(likeness) else { return nil }
    let candidates = kept[Key(likeness, document), default: []].enumerated()
      .compactMap { place, other in
        likeness.distance(to: other.likeness).map { (distance: $0, place: place, other) }
      }
      .filter { $0.distance <= ComparedText.mostBits }
      .sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }
    guard !candidates.isEmpty else { return nil }
    let compared = try document.compared()
    for (_, _, other) in candidates.prefix(Self.closest)
    where compared.isContained(in: try other.document.compared()) {
      return other.document.description
    }
    return nil
  }

  // MARK: The plainest address

  private static func precedes(_ one: DocumentDescription, _ other: DocumentDescription) -> Bool {
    precedes(one.uri, one.document, other.uri, other.document)
  }

  /// Without a query before with one, then the shorter, then by letters.
  private static func precedes(
    _ uri: String, _ id: DocumentID, _ otherURI: String, _ otherID: DocumentID
  ) -> Bool {
    func rank(_ uri: String) -> (Int, Int) { (uri.contains("?") ? 1 : 0, uri.utf8.count) }
    return rank(uri) == rank(otherURI)
      ? (uri, id) < (otherURI, otherID) : rank(uri) < rank(otherURI)
  }
}

extension Alias {
  /// A page that was read, as one for which another stands.
  init(_ description: DocumentDescription) {
    self.init(
      document: description.document, uri: description.uri, rawDigest: description.rawDigest,
      textDigest: description.textDigest)
  }
}
