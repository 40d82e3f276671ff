// Reads XML as a stream of events, safely: no document type declaration, no entities beyond the five of XML, no network,
// no recovery from errors. A tree is never built, so memory is the input plus one event.
//
// Relies on libxml2's SAX2 interface. Calls are synchronous and may take seconds: run them off the cooperative pool.

internal import CXML2

/// One event of an XML stream.
package enum XMLEvent: Sendable {
  /// An element opens: its local name, its namespace URI ("" for none) and its attributes.
  case start(name: String, namespace: String, attributes: [XMLAttribute])
  /// An element closes.
  case end(name: String, namespace: String)
  /// Character data, entities resolved; one run of text may come in several pieces.
  case text(String)
}

/// One attribute: the local name without prefix, and the value.
package struct XMLAttribute: Sendable, Equatable {
  package let name: String
  package let namespace: String
  package let value: String
}

extension [XMLAttribute] {
  /// The value of the first attribute with this local name, whatever its namespace.
  package subscript(local name: String) -> String? { first { $0.name == name }?.value }
}

/// A streaming, DTD-free XML parser.
package enum XMLReader {
  /// Calls `visit` with each event in document order; `visit` returns false to stop early.
  ///
  /// - Throws: `documentType` as soon as a `<!DOCTYPE` stands in the input, `malformed` for anything that is not
  ///   well-formed (nesting beyond 256 included); events before that point have been delivered.
  package static func read(
    _ bytes: [UInt8], visit: @escaping (XMLEvent) -> Bool
  ) throws(MarkupError) {
    guard let count = Int32(exactly: bytes.count) else {
      throw .tooLarge(byteCount: bytes.count)
    }
    guard count > 0 else { throw .malformed(line: 1, code: Int(XML_ERR_DOCUMENT_EMPTY.rawValue)) }
    xmlInitParser()
    let state = XMLReaderState(visit: visit)
    let failure: MarkupError? = bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { characters in
        parse(characters, count: count, state: state)
      }
    }
    if let failure { throw failure }
  }

  private static func parse(
    _ characters: UnsafeBufferPointer<CChar>, count: Int32, state: XMLReaderState
  ) -> MarkupError? {
    guard let context = bobbin_xml_context(characters.baseAddress, count) else { return .noMemory }
    defer { xmlFreeParserCtxt(context) }
    state.context = context
    let sax = context.pointee.sax
    sax?.pointee.internalSubset = { user, _, _, _ in
      guard let state = XMLReaderState.from(user) else { return }
      state.sawDocumentType = true
      xmlStopParser(state.context)
    }
    sax?.pointee.startElementNs = { user, name, _, uri, _, _, attributeCount, _, attributes in
      guard let state = XMLReaderState.from(user), let name, state.isRunning else { return }
      state.deliver(
        .start(
          name: state.interned(name), namespace: state.interned(uri),
          attributes: state.attributes(attributes, count: Int(attributeCount))))
    }
    sax?.pointee.endElementNs = { user, name, _, uri in
      guard let state = XMLReaderState.from(user), let name, state.isRunning else { return }
      state.deliver(.end(name: state.interned(name), namespace: state.interned(uri)))
    }
    let text: charactersSAXFunc = { user, characters, count in
      guard let state = XMLReaderState.from(user), let characters, state.isRunning else { return }
      let piece = UnsafeBufferPointer(start: characters, count: Int(count))
      state.deliver(.text(String(decoding: piece, as: UTF8.self)))
    }
    sax?.pointee.characters = text
    sax?.pointee.ignorableWhitespace = text
    sax?.pointee.cdataBlock = text
    context.pointee.userData = Unmanaged.passUnretained(state).toOpaque()
    let result = withExtendedLifetime(state) { xmlParseDocument(context) }
    if state.sawDocumentType { return .documentType }
    if !state.isRunning { return nil }
    if result != 0 || context.pointee.wellFormed == 0 {
      let line = context.pointee.input.map { Int($0.pointee.line) } ?? 0
      return .malformed(line: line, code: Int(context.pointee.errNo))
    }
    return nil
  }
}

/// What the C callbacks share during one call of `XMLReader.read`; never leaves it.
private final class XMLReaderState {
  let visit: (XMLEvent) -> Bool
  var context: xmlParserCtxtPtr?
  var sawDocumentType = false
  var isRunning = true
  /// libxml2 keeps one copy of each name per context, so the address stands for the text.
  private var names: [UnsafePointer<xmlChar>: String] = [:]

  init(visit: @escaping (XMLEvent) -> Bool) { self.visit = visit }

  static func from(_ user: UnsafeMutableRawPointer?) -> XMLReaderState? {
    user.map { Unmanaged<XMLReaderState>.fromOpaque($0).takeUnretainedValue() }
  }

  func deliver(_ event: XMLEvent) {
    if visit(event) { return }
    isRunning = false
    xmlStopParser(context)
  }

  func interned(_ name: UnsafePointer<xmlChar>?) -> String {
    guard let name else { return "" }
    if let known = names[name] { return known }
    let text = String(cString: name)
    names[name] = text
    return text
  }

  /// Attributes come as five pointers each: local name, prefix, URI, start and end of the value.
  func attributes(
    _ pointers: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, count: Int
  ) -> [XMLAttribute] {
    guard let pointers, count > 0 else { return [] }
    var list: [XMLAttribute] = []
    list.reserveCapacity(count)
    for index in 0..<count {
      let five = pointers + index * 5
      guard let name = five[0], let start = five[3], let end = five[4], start <= end else {
        continue
      }
      let value = UnsafeBufferPointer(start: start, count: end - start)
      list.append(
        XMLAttribute(
          name: interned(name), namespace: interned(five[2]),
          value: XMLReaderState.unescaped(String(decoding: value, as: UTF8.self))))
    }
    return list
  }

  /// Without entity substitution libxml2 hands `&amp;` in a value over as `&#38;`, and only that.
  private static func unescaped(_ value: String) -> String {
    guard value.utf8.contains(UInt8(ascii: "&")) else { return value }
    var out: [UInt8] = []
    var rest = Array(value.utf8)[...]
    while let byte = rest.first {
      out.append(byte)
      rest = rest.dropFirst(rest.starts(with: "&#38;".utf8) ? 5 : 1)
    }
    return String(decoding: out, as: UTF8.self)
  }
}
