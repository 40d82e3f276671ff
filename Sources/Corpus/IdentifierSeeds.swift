// What the names of documents and chunks are digests of, said once: the stages name what they read by it, and what comes in an
// archive is named anew by it, so that reading it again finds it. Digesting is the caller's; nothing here does I/O.

extension SourceID {
  /// Of its one document, or of a crawl's start page.
  package var documentSeed: String { "\(text)\u{0}document" }

  /// Of the document at an address that a crawl has found.
  package func pageSeed(_ address: String) -> String { "\(text)\u{0}page\u{0}\(address)" }
}

extension DocumentID {
  /// Of a chunk: the same document, ordinal and text always give the same name.
  package func chunkSeed(ordinal: Int, text chunk: String) -> String {
    "\(text)\n\(ordinal)\n\(chunk)"
  }
}
