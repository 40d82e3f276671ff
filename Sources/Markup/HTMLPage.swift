// A web page as an array of nodes with its metadata. Broken HTML is repaired, never refused.
//
// Relies on libxml2's HTML parser for tokens and implied tags; the tree is our own, flat and bounded. The input is UTF-8:
// finding out the encoding is Extraction's business (CharacterDecoding). Calls are synchronous and may take seconds.

internal import CXML2

/// A parsed page.
package struct HTMLPage: Sendable {
  /// Elements deeper than this are attached to the deepest allowed parent.
  package static let depthLimit = 400
  /// Parsing stops at this nesting: no real page has it, and libxml2's repairs cost time in proportion.
  static let depthStop = 2_000
  /// Parsing stops after this many nodes.
  static let nodeLimit = 4_000_000

  /// All nodes in document order; the first is the root.
  package let nodes: [HTMLNode]
  /// Bodies of `<script type="application/ld+json">`.
  package let linkedDocuments: [String]
  /// Whether nesting or size stopped the parser before the end of the page.
  package let isCut: Bool

  /// Parses UTF-8 text.
  ///
  /// - Throws: `tooLarge` above 2 GiB, `noMemory`; never for bad HTML.
  package init(utf8 bytes: [UInt8]) throws(MarkupError) {
    guard let count = Int32(exactly: bytes.count) else {
      throw .tooLarge(byteCount: bytes.count)
    }
    xmlInitParser()
    let builder = HTMLTreeBuilder()
    if count > 0 {
      // libxml2 takes a NUL for the end of the page; browsers pass over it.
      let text = bytes.contains(0) ? bytes.filter { $0 != 0 } : bytes
      guard HTMLPage.parse(text, count: Int32(text.count), into: builder) else { throw .noMemory }
    }
    builder.finish()
    self.nodes = builder.nodes
    self.linkedDocuments = builder.linkedDocuments
    self.isCut = builder.isCut
  }

  /// Parses a string.
  ///
  /// - Throws: as `init(utf8:)`.
  package init(_ text: String) throws(MarkupError) { try self.init(utf8: Array(text.utf8)) }

  private static func parse(_ bytes: [UInt8], count: Int32, into builder: HTMLTreeBuilder) -> Bool {
    guard let context = bobbin_html_context() else { return false }
    defer { htmlFreeParserCtxt(context) }
    builder.context = context
    let sax = context.pointee.sax
    sax?.pointee.startElement = { user, name, attributes in
      guard let builder = HTMLTreeBuilder.from(user), let name else { return }
      builder.open(name, attributes: attributes)
    }
    sax?.pointee.endElement = { user, name in
      guard let builder = HTMLTreeBuilder.from(user), let name else { return }
      builder.close(name)
    }
    let text: charactersSAXFunc = { user, characters, count in
      guard let builder = HTMLTreeBuilder.from(user), let characters else { return }
      builder.append(UnsafeBufferPointer(start: characters, count: Int(count)))
    }
    sax?.pointee.characters = text
    sax?.pointee.ignorableWhitespace = text
    sax?.pointee.cdataBlock = text
    context.pointee.userData = Unmanaged.passUnretained(builder).toOpaque()
    // RECOVER here concerns `</` inside scripts only; HTML has no DTD or entities to expand.
    let options =
      HTML_PARSE_NONET.rawValue | HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue
      | HTML_PARSE_NOWARNING.rawValue
    withExtendedLifetime(builder) {
      bytes.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { characters in
          // No tree is built, so there is nothing to free: the result is always null.
          _ = htmlCtxtReadMemory(
            context, characters.baseAddress, count, nil, "UTF-8", Int32(options))
        }
      }
    }
    return true
  }

  /// Indices of the direct children of `index`, in order.
  package func children(of index: Int) -> [Int] {
    guard nodes.indices.contains(index) else { return [] }
    var list: [Int] = []
    var child = index + 1
    while child < nodes[index].end {
      list.append(child)
      child = nodes[child].end
    }
    return list
  }

  /// The first element with this tag, in document order.
  package func first(_ tag: HTMLTag) -> Int? { nodes.firstIndex { $0.tag == tag } }

  /// All text below `index`, invisible elements left out, white space collapsed.
  package func text(of index: Int) -> String {
    guard nodes.indices.contains(index) else { return "" }
    var words: [Substring] = []
    var joined = ""
    var position = index
    while position < nodes[index].end {
      let node = nodes[position]
      if position != index, node.tag.isInvisible {
        position = node.end
        continue
      }
      joined += node.tag == .text ? node.text : node.tag.isInline ? "" : " "
      position += 1
    }
    words = joined.split(whereSeparator: \.isWhitespace)
    return words.joined(separator: " ")
  }
}
