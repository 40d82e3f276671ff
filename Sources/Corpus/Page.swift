// What fetch found: the record of spool/extract. The bytes are a blob, this says what they claim to be.

/// One fetched file or page, not yet read.
package struct Page: Codable, Hashable, Sendable {
  package let source: SourceID
  package let document: DocumentID
  /// The final URL after redirects, or the file's name.
  package let uri: String
  /// The raw bytes as fetched, after HTTP content decoding.
  package let content: BlobReference
  /// The file's name or the last part of the URL's path, for its extension; nil when there is none.
  package let fileName: String?
  /// The declared media type without parameters, lower case; nil when nothing was declared.
  package let mediaType: String?
  /// The declared character set; nil when nothing was declared.
  package let charset: String?
  /// The HTTP status; nil for a file.
  package let status: Int?
  /// The digest of the text that answers now; a page that still says it changes nothing.
  package let knownText: String?
  /// What it is called, where its bytes do not say so: a video's title.
  package let title: String?
  /// BCP 47, where its bytes do not say so.
  package let language: String?

  package init(
    source: SourceID, document: DocumentID, uri: String, content: BlobReference, fileName: String?,
    mediaType: String?, charset: String?, status: Int?, knownText: String? = nil,
    title: String? = nil, language: String? = nil
  ) {
    self.source = source
    self.document = document
    self.uri = uri
    self.content = content
    self.fileName = fileName
    self.mediaType = mediaType
    self.charset = charset
    self.status = status
    self.knownText = knownText
    self.title = title
    self.language = language
  }
}
