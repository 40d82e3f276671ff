// What a visitor is shown of a source: the Citation of API.md. Built from Citable only, so learn-only text and even the
// name of its document cannot stand in one.

package import Corpus

/// A numbered reference of an answer to a place in a document.
package struct Citation: Encodable, Hashable, Sendable {
  /// Where in the document the quote stands; only what is known.
  package struct Place: Encodable, Hashable, Sendable {
    /// From 1.
    package let page: Int?
    /// The headings above it, outermost first, joined by " › ".
    package let heading: String?
    /// Seconds into a recording.
    package let second: Int?
    /// The text directive of `url`, such as `:~:text=paid%20leave`.
    package let fragment: String?
  }

  /// The number in the message, `[n]`.
  package let n: Int
  package let sourceID: SourceID
  package let title: String
  /// Opens the document at the place; nil (JSON null) for a document that has no address.
  package let url: String?
  package let place: Place
  /// Words of the document.
  package let quote: String
  /// The chunk it stands in, as `bobbin trace` takes it: `<document>.<ordinal>`.
  ///
  /// For the operator; not part of what a visitor is sent.
  package let reference: String

  /// Cites `quote`, which stands in `citable`; `place` is given when it is known better than by the passage as a whole.
  package init(n: Int, citable: Citable, quote: String, place: Corpus.Place? = nil) {
    let description = citable.description
    let place = place ?? citable.place
    let link = PlaceLink(
      uri: description.uri, mediaType: description.mediaType, page: place.page,
      second: place.second, quote: quote)
    self.n = n
    self.sourceID = citable.source
    self.title = Self.title(of: description)
    self.url = link.url
    self.place = Place(
      page: place.page,
      heading: place.headingPath.isEmpty ? nil : place.headingPath.joined(separator: " › "),
      second: place.second, fragment: link.fragment)
    self.quote = quote
    self.reference = "\(description.document.text.prefix(8)).\(citable.ordinal)"
  }

  /// The document's title; without one, the last part of its address.
  private static func title(of description: DocumentDescription) -> String {
    if description.title.contains(where: { !$0.isWhitespace }) { return description.title }
    return description.uri.split(separator: "/").last.map(String.init) ?? description.uri
  }

  private enum CodingKeys: String, CodingKey {
    case n
    case sourceID = "source_id"
    case title, url, place, quote
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(n, forKey: .n)
    try container.encode(sourceID, forKey: .sourceID)
    try container.encode(title, forKey: .title)
    // Present and null rather than absent: a client must not have to tell the two apart.
    try container.encode(url, forKey: .url)
    try container.encode(place, forKey: .place)
    try container.encode(quote, forKey: .quote)
  }
}
