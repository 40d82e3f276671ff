// What reading one document gives: the text with its places, and what was learnt about the document on the way.

package import Corpus

/// The text of one document.
package struct ExtractedText: Codable, Sendable, Equatable {
  /// The document's own title, or the file's name without extension; never empty.
  package let title: String
  /// BCP 47 primary tag, lower case; nil when the document does not say.
  package let language: String?
  /// What the bytes were found to be, such as `application/pdf`.
  package let mediaType: String
  package let content: AnchoredText
  /// Pages of a PDF; 0 for media without pages.
  package let pageCount: Int
  /// What an owner should know, such as pages without text; sentences.
  package let warnings: [String]
  /// Unicode scalars of the text.
  package let keptCharacters: Int
  /// Unicode scalars left out as boilerplate: navigation, running headers and the like.
  package let droppedCharacters: Int

  package init(
    title: String, language: String?, mediaType: String, content: AnchoredText, pageCount: Int,
    warnings: [String], keptCharacters: Int, droppedCharacters: Int
  ) {
    self.title = title
    self.language = language
    self.mediaType = mediaType
    self.content = content
    self.pageCount = pageCount
    self.warnings = warnings
    self.keptCharacters = keptCharacters
    self.droppedCharacters = droppedCharacters
  }
}

/// What a reader of one kind hands to `Extractor`, which fills in the rest.
struct Reading {
  var title: String?
  var language: String?
  var content: AnchoredText
  var pageCount = 0
  var warnings: [String] = []
  var droppedCharacters = 0
}
