// The server-sent events parser: the rules of WHATWG HTML, at every split of the bytes.

import Testing

@testable import WebClient

struct EventStreamTests {
  private func events(_ text: String, split: Int = .max) throws -> [ServerSentEvent] {
    var parser = EventStream()
    var found: [ServerSentEvent] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      found += try parser.feed(rest.prefix(split))
      rest = rest.dropFirst(split)
    }
    return found
  }

  static let cases: [(String, [ServerSentEvent])] = [
    ("data: a\n\n", [ServerSentEvent(data: "a")]),
    ("data:a\n\n", [ServerSentEvent(data: "a")]),
    ("data:  a\n\n", [ServerSentEvent(data: " a")]),
    ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"].map { ServerSentEvent(data: $0) }),
    ("data: a\ndata: b\ndata\n\n", [ServerSentEvent(data: "a\nb\n")]),
    ("data\n\n", [ServerSentEvent(data: "")]),
    (": comment\n\ndata: a\n: more\n\n", [ServerSentEvent(data: "a")]),
    (
      "event: delta\ndata: a\n\ndata: b\n\n",
      [
        ServerSentEvent(type: "delta", data: "a"), ServerSentEvent(data: "b"),
      ]
    ),
    (
      "id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
      [
        ServerSentEvent(data: "a", lastID: "7"), ServerSentEvent(data: "b", lastID: "7"),
        ServerSentEvent(data: "c"),
      ]
    ),
    ("id: 7\0\ndata: a\n\n", [ServerSentEvent(data: "a")]),
    ("event: lost\n\ndata: a\n\n", [ServerSentEvent(data: "a")]),
    ("data: unfinished\n", []),
    ("data: unfinished", []),
    ("\u{feff}data: a\n\n\u{feff}data: b\n\n", [ServerSentEvent(data: "a")]),
    ("unknown: x\ndata: é😀\n\n", [ServerSentEvent(data: "é😀")]),
    ("data: {\"a\":\"b: c\"}\n\n", [ServerSentEvent(data: "{\"a\":\"b: c\"}")]),
    (" data: a\n\n", []), ("\n\n\r\n\r", []), ("", []),
  ]

  @Test(arguments: cases)
  func `events are the same however the bytes are cut`(
    text: String, expected: [ServerSentEvent]
  ) throws {
    for split in 1...max(1, text.utf8.count) {
      #expect(try events(text, split: split) == expected)
    }
  }

  @Test func `the wait before reconnecting is read when it is a number`() throws {
    for (value, expected) in [("250", Duration.milliseconds(250)), ("1s", nil), ("", nil)] {
      var parser = EventStream()
      _ = try parser.feed("retry: \(value)\n\n".utf8)
      #expect(parser.retry == expected)
    }
  }

  @Test func `an event without end is refused`() throws {
    var parser = EventStream(host: "model")
    _ = try parser.feed("data: ".utf8)
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 19)
    _ = try parser.feed(piece)
    #expect(throws: WebError.tooLarge(host: "model", part: .body, limit: 1 << 20)) {
      try parser.feed(piece)
    }
  }
}
