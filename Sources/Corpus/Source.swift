// What an owner asked for: the record of spool/fetch.

/// One file or address to be fetched.
package struct Source: Codable, Hashable, Sendable {
  /// Where the bytes come from.
  package enum Location: Codable, Hashable, Sendable {
    /// An absolute path on the machine that runs the fetch stage.
    case file(path: String)
    /// An `http` or `https` URL, given by an owner and so subject to the whole address rule.
    case web(url: String)
  }

  /// The row this stands for.
  package let source: SourceID
  /// The document that the location becomes.
  package let document: DocumentID
  /// Where to get it.
  package let location: Location
  /// What people call it: a file's name, a page's URL.
  ///
  /// Never used as a path.
  package let name: String

  package init(source: SourceID, document: DocumentID, location: Location, name: String) {
    self.source = source
    self.document = document
    self.location = location
    self.name = name
  }
}
