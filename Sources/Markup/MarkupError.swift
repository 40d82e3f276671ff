// What can be wrong with markup. HTML is repaired rather than refused, so almost all of this is about XML.

/// Why markup could not be read.
package enum MarkupError: Error, Equatable, Sendable, CustomStringConvertible {
  /// XML with a document type declaration; none is ever read, so entities cannot be defined.
  case documentType
  /// Not well-formed, at this line, with libxml2's error number.
  case malformed(line: Int, code: Int)
  /// More bytes than the parser can address.
  case tooLarge(byteCount: Int)
  /// libxml2 could not allocate its context.
  case noMemory

  package var description: String {
    switch self {
    case .documentType:
      "XML: the file holds a document type declaration, which is not read for safety; save it without one"
    case .malformed(let line, let code):
      "XML: not well-formed at line \(line) (libxml2 error \(code)); save the file again from its program"
    case .tooLarge(let byteCount):
      "markup of \(byteCount) bytes is more than the parser takes (2 GiB); split the file"
    case .noMemory:
      "markup: no memory for a parser; try again with fewer jobs at once"
    }
  }
}
