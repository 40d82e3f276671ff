// Reads text/event-stream: bytes in pieces of any size, events out (WHATWG HTML, "Parsing an event
// stream").
//
// An event that is not closed by an empty line is dropped, as the rules say. Does not reconnect.

/// An incremental parser of server-sent events.
package struct EventStream: Sendable {
  /// Bytes that one event may take before the stream is refused.
  package static let maximumEventBytes = 1 << 20

  /// How long the server asks clients to wait before they reconnect, once it has said so.
  package private(set) var retry: Duration?

  private let host: String
  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var type = ""
  private var lastID = ""
  private var endedInCarriageReturn = false
  private var isFirstLine = true

  /// Makes a parser; `host` is named in errors.
  package init(host: String = "the server") { self.host = host }

  /// Takes the next bytes and gives the events that they complete.
  ///
  /// - Throws: `WebError.tooLarge` when an event outgrows `maximumEventBytes`; the stream is of no
  ///   further use then.
  package mutating func feed(_ bytes: some Sequence<UInt8>) throws(WebError) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for byte in bytes {
      switch byte {
      case 0x0a where endedInCarriageReturn:
        endedInCarriageReturn = false
      case 0x0a, 0x0d:
        endedInCarriageReturn = byte == 0x0d
        if let event = endLine() { events.append(event) }
      default:
        endedInCarriageReturn = false
        line.append(byte)
        if line.count + data.count > Self.maximumEventBytes {
          throw .tooLarge(host: host, part: .body, limit: Self.maximumEventBytes)
        }
      }
    }
    return events
  }

  private mutating func endLine() -> ServerSentEvent? {
    defer {
      line.removeAll(keepingCapacity: true)
      isFirstLine = false
    }
    if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
    if line.isEmpty { return dispatch() }
    let colon = line.firstIndex(of: UInt8(ascii: ":"))
    let name = line[..<(colon ?? line.endIndex)]
    var value = colon.map { line[($0 + 1)...] } ?? []
    if value.first == 0x20 { value = value.dropFirst() }
    if name.elementsEqual("data".utf8) {
      if hasData { data.append(0x0a) }
      data.append(contentsOf: value)
      hasData = true
    } else if name.elementsEqual("event".utf8) {
      type = String(decoding: value, as: UTF8.self)
    } else if name.elementsEqual("id".utf8) {
      if !value.contains(0) { lastID = String(decoding: value, as: UTF8.self) }
    } else if name.elementsEqual("retry".utf8) {
      let isNumber = !value.isEmpty && value.allSatisfy { (0x30...0x39).contains($0) }
      if isNumber, let milliseconds = UInt32(String(decoding: value, as: UTF8.self)) {
        retry = .milliseconds(Int64(milliseconds))
      }
    }
    return nil
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      data.removeAll(keepingCapacity: true)
      hasData = false
      type = ""
    }
    guard hasData else { return nil }
    return ServerSentEvent(
      type: type.isEmpty ? "message" : type, data: String(decoding: data, as: UTF8.self),
      lastID: lastID)
  }
}

extension WebStream {
  /// The body read as server-sent events; ends when the body does.
  package var events: AsyncThrowingStream<ServerSentEvent, any Error> {
    let reader = EventReader(self)
    return AsyncThrowingStream { try await reader.next() }
  }
}

/// Holds the parser between two calls of an unfolding stream, which one reader makes one after the
/// other.
private actor EventReader {
  private var parser: EventStream
  private var ready: [ServerSentEvent] = []
  private let body: AsyncThrowingStream<[UInt8], any Error>

  init(_ stream: WebStream) {
    body = stream.body
    parser = EventStream(
      host: (try? WebURL(parsing: stream.finalURL, maximumBytes: 8_192))?.host ?? "the server")
  }

  func next() async throws -> ServerSentEvent? {
    while ready.isEmpty {
      var iterator = body.makeAsyncIterator()
      guard let piece = try await iterator.next() else { return nil }
      ready = try parser.feed(piece).reversed()
    }
    return ready.popLast()
  }
}
