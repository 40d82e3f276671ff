// What extract read: the record of spool/chunk. All offsets count Unicode scalars, never UTF-8 bytes and never
// graphemes, because the reference splitter counts code points.

/// Text with the places in it that a citation can point to.
///
/// Guarantee: offsets of each list ascend and lie in `0...text.unicodeScalars.count`.
package struct AnchoredText: Codable, Hashable, Sendable {
  /// A heading that governs the text from its offset up to the next heading of the same or a higher rank.
  package struct Heading: Codable, Hashable, Sendable {
    /// Unicode scalars from the start of the text.
    package let offset: Int
    /// 1 (highest) to 6.
    package let level: Int
    package let title: String

    package init(offset: Int, level: Int, title: String) {
      self.offset = offset
      self.level = level
      self.title = title
    }
  }

  /// The start of a numbered page (1-based) or of a stretch of time (whole seconds).
  package struct Mark: Codable, Hashable, Sendable {
    /// Unicode scalars from the start of the text.
    package let offset: Int
    /// Page number from 1, or seconds from 0.
    package let number: Int

    package init(offset: Int, number: Int) {
      self.offset = offset
      self.number = number
    }
  }

  /// NFC, no control or bidi-override characters, one blank line between blocks.
  package let text: String
  package let headings: [Heading]
  /// Empty for media without pages.
  package let pages: [Mark]
  /// Seconds into a recording; empty for media without time.
  package let times: [Mark]

  package init(text: String, headings: [Heading] = [], pages: [Mark] = [], times: [Mark] = []) {
    self.text = text
    self.headings = headings
    self.pages = pages
    self.times = times
  }
}

/// What is said of a document wherever its chunks go.
package struct DocumentDescription: Codable, Hashable, Sendable {
  package let document: DocumentID
  package let source: SourceID
  /// The final URL, or the file's name.
  package let uri: String
  package let title: String
  /// BCP 47 primary tag; nil when unknown.
  package let language: String?
  /// What the bytes were found to be, such as `application/pdf`.
  package let mediaType: String
  /// The raw bytes, `sha256:…`.
  package let rawDigest: String
  /// SHA-256 of the extracted text, 64 hex digits: what decides whether a document changed.
  package let textDigest: String
  /// What candidates for near-duplicates are found by; index writes it into a shard's table of documents, chunks have none.
  package var likeness: String?
  /// Pages that are nearly this one and are not indexed themselves, by id; in a shard's table of documents only.
  package var aliases: [Alias]?

  package init(
    document: DocumentID, source: SourceID, uri: String, title: String, language: String?,
    mediaType: String, rawDigest: String, textDigest: String, likeness: String? = nil,
    aliases: [Alias]? = nil
  ) {
    self.document = document
    self.source = source
    self.uri = uri
    self.title = title
    self.language = language
    self.mediaType = mediaType
    self.rawDigest = rawDigest
    self.textDigest = textDigest
    self.likeness = likeness
    self.aliases = aliases
  }
}

/// A page for which another one of its source stands, because their texts are nearly the same.
package struct Alias: Codable, Hashable, Sendable {
  package let document: DocumentID
  /// Its own address.
  package let uri: String
  /// Its own raw bytes, `sha256:…`.
  package let rawDigest: String
  /// Its own extracted text, 64 hex digits: as long as it is this, the page has not changed.
  package let textDigest: String

  package init(document: DocumentID, uri: String, rawDigest: String, textDigest: String) {
    self.document = document
    self.uri = uri
    self.rawDigest = rawDigest
    self.textDigest = textDigest
  }

  /// The reason of a page that another one stands for.
  package static let reason = "near_duplicate"
  /// What its owner is told.
  package static let message = "Another page says nearly word for word the same and stands for it."
}

/// One document as people would recognise it.
package struct Document: Codable, Hashable, Sendable {
  package let description: DocumentDescription
  package let content: AnchoredText

  package init(description: DocumentDescription, content: AnchoredText) {
    self.description = description
    self.content = content
  }
}
