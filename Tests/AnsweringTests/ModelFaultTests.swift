// What an endpoint may do wrong, each on a real connection: what is tried again, what the visitor's answer ends with.

import Synchronization
import TestSupport
import Testing
import WebClient

@testable import Answering

@Suite struct ModelFaultTests {
  /// One way to fail.
  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let scripts: [ScriptedEndpoint.Script]
    var text = ""
    var requests = 1
    let error: @Sendable (String) -> LanguageModelError
  }

  private static let pings = ": ping\n\n:\n\nevent: ping\nid: 7\nretry: 5\n\n"

  static let faults: [Fault] = [
    Fault(
      testDescription: "500", scripts: [{ $0.respond(500, body: Array("oops".utf8)) }], requests: 3
    ) { .unavailable(endpoint: $0, why: "answered 500") },
    Fault(
      testDescription: "429 without an end, with a date in the past",
      scripts: [{ $0.respond(429, ["Retry-After: Thu, 26 Nov 2020 16:00:00 GMT"]) }], requests: 3
    ) { .rateLimited(endpoint: $0, retryAfter: .zero) },
    Fault(
      testDescription: "429 for a minute", scripts: [{ $0.respond(429, ["Retry-After: 60"]) }]
    ) { .rateLimited(endpoint: $0, retryAfter: .seconds(60)) },
    Fault(
      testDescription: "cut before the first word",
      scripts: [
        {
          $0.begin()
          $0.cut()
        }
      ], requests: 3
    ) { .unavailable(endpoint: $0, why: "could not be reached or broke off") },
    Fault(
      testDescription: "cut in the middle",
      scripts: [
        {
          $0.begin()
          $0.text("Half a ")
          $0.cut()
        }
      ], text: "Half a "
    ) { .cut(endpoint: $0, why: "broke off") },
    Fault(
      testDescription: "ended in the middle, in good order",
      scripts: [
        {
          $0.begin()
          $0.text("Half a ")
          $0.end()
        }
      ], text: "Half a "
    ) { .cut(endpoint: $0, why: "ended its answer early") },
    Fault(
      testDescription: "comments and pings alone",
      scripts: [
        {
          $0.begin()
          $0.piece(pings)
          $0.end()
        }
      ], requests: 3
    ) { .unavailable(endpoint: $0, why: "ended its answer early") },
    Fault(
      testDescription: "an end without a word",
      scripts: [
        {
          $0.begin()
          $0.finish()
          $0.done()
        }
      ]
    ) { .empty(endpoint: $0) },
    Fault(
      testDescription: "malformed JSON",
      scripts: [
        {
          $0.begin()
          $0.event(#"{"choices":[{"delta":{"content":"#)
          $0.done()
        }
      ]
    ) { .malformed(endpoint: $0, why: "an event is not the JSON of a completion") },
    Fault(
      testDescription: "malformed JSON in the middle",
      scripts: [
        {
          $0.begin()
          $0.text("Half a ")
          $0.event("{]")
          $0.done()
        }
      ], text: "Half a "
    ) { .malformed(endpoint: $0, why: "an event is not the JSON of a completion") },
    Fault(
      testDescription: "a page",
      scripts: [
        {
          $0.respond(
            200, ["Content-Type: text/html"], body: Array("<html>Twelve days.</html>".utf8))
        }
      ]
    ) { .malformed(endpoint: $0, why: "it is neither an event stream nor JSON") },
    Fault(
      testDescription: "200 with an error, its code a word",
      scripts: [json(#"{"error":{"message":"Twelve days.","code":"model_overloaded"}}"#)],
      requests: 3
    ) { .unavailable(endpoint: $0, why: "broke off (model_overloaded)") },
    Fault(
      testDescription: "200 with an error, its code a number",
      scripts: [json(#"{"error":{"message":"Twelve days.","code":502}}"#)], requests: 3
    ) { .unavailable(endpoint: $0, why: "broke off (502)") },
    Fault(
      testDescription: "200 with a status as its error",
      // Again without what some endpoints refuse.
      scripts: [json(#"{"error":{"message":"Twelve days.","code":400,"type":"too_long"}}"#)],
      requests: 3
    ) { .rejected(endpoint: $0, status: 400, code: "too_long") },
    Fault(
      testDescription: "an error in the middle",
      scripts: [
        {
          $0.begin()
          $0.text("Half a ")
          $0.event(#"{"error":{"code":"429","message":"Twelve days."}}"#)
          $0.done()
        }
      ], text: "Half a "
    ) { .cut(endpoint: $0, why: "broke off (429)") },
    Fault(
      testDescription: "an error as the reason to end",
      scripts: [
        {
          $0.begin()
          $0.text("Half a ")
          $0.finish("error")
          $0.done()
        }
      ], text: "Half a "
    ) { .cut(endpoint: $0, why: "ended with an error") },
    Fault(
      testDescription: "a line without an end",
      scripts: [
        {
          $0.begin()
          let piece = [UInt8](repeating: 0x20, count: 1 << 16)
          while $0.piece(piece) {}
        }
      ]
    ) { .malformed(endpoint: $0, why: "more than \(EventStream.maximumEventBytes) bytes") },
    Fault(
      testDescription: "JSON without an end",
      scripts: [
        {
          $0.begin("application/json")
          let piece = [UInt8](repeating: 0x20, count: 1 << 16)
          while $0.piece(piece) {}
        }
      ]
    ) { .malformed(endpoint: $0, why: "more than a megabyte") },
    Fault(
      testDescription: "a refusal without an end",
      scripts: [
        {
          $0.write("HTTP/1.1 418 X\r\nTransfer-Encoding: chunked\r\n\r\n")
          let piece = [UInt8](repeating: 0x20, count: 1 << 16)
          while $0.piece(piece) {}
        }
      ]
    ) { .rejected(endpoint: $0, status: 418, code: nil) },
    Fault(
      testDescription: "a redirect", scripts: [{ $0.respond(307, ["Location: /v2"]) }]
    ) { .rejected(endpoint: $0, status: 307, code: nil) },
    Fault(
      testDescription: "no HTTP",
      scripts: [
        {
          $0.write("hello\r\n\r\n")
          $0.cut()
        }
      ]
    ) { .malformed(endpoint: $0, why: "it does not speak HTTP") },
  ]

  private static func json(_ body: String) -> ScriptedEndpoint.Script {
    { $0.respond(200, ["Content-Type: application/json; charset=utf-8"], body: Array(body.utf8)) }
  }

  @Test(arguments: faults)
  func `a fault ends in its own error, tried again only before text`(fault: Fault) async throws {
    let endpoint = try ScriptedEndpoint(fault.scripts)
    let received = try await Received(endpoint.model().reply(try prompt()))
    let expected = fault.error(endpoint.server.hostAndPort)
    #expect(received.error == expected)
    #expect(received.text == fault.text)
    #expect(received.reason == nil)
    #expect(endpoint.server.requests.count == fault.requests)
    #expect(!"\(expected)".contains("Twelve"))
  }

  @Test func `nobody listening is unavailable, and nothing waits`() async throws {
    let port = try LoopbackServer { _, _ in }.port
    let model = RemoteLanguageModel(baseURL: "http://127.0.0.1:\(port)", model: "m").languageModel(
      transport: .curl(.configured), waiting: ManualClock().waiting)
    let received = try await Received(model.reply(try prompt()))
    #expect(
      received.error
        == .unavailable(endpoint: "127.0.0.1:\(port)", why: "could not be reached or broke off"))
  }

  @Test func `what fails twice and then answers has answered`() async throws {
    let endpoint = try ScriptedEndpoint([
      { $0.respond(503) }, { $0.cut() }, { $0.reply("Twelve.") },
    ])
    let received = try await Received(endpoint.model().reply(try prompt()))
    #expect(received.text == "Twelve." && received.reason == .stop && received.error == nil)
  }

  @Test func `text comes whole, however its bytes are cut`() async throws {
    let stream =
      Self.pings
      + "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\r\n\r\n"
      + "data: {\"choices\":[{\"delta\":{\"content\":\"Zwölf \"}}]}\n\n"
      + "data:{\"choices\":[{\"delta\":\ndata:{\"content\":\"Tage 日本🚲\"}}]}\r\r"
      + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
    let bytes = Array(stream.utf8)
    for size in [1, bytes.count] {
      let endpoint = try ScriptedEndpoint { connection in
        connection.begin()
        for start in stride(from: 0, to: bytes.count, by: size) {
          connection.piece(Array(bytes[start..<min(bytes.count, start + size)]))
        }
        connection.end()
      }
      let received = try await Received(endpoint.model().reply(try prompt()))
      #expect(received.text == "Zwölf Tage 日本🚲" && received.reason == .stop)
    }
  }

  @Test(arguments: [
    ("stop", LanguageModel.FinishReason.stop), ("length", .length), ("content_filter", .filtered),
    ("eos", .stop),
  ])
  func `the reason of the end is told`(word: String, reason: LanguageModel.FinishReason)
    async throws
  {
    let endpoint = try ScriptedEndpoint { connection in
      connection.begin(nil)
      connection.text("Twelve")
      connection.finish(word)
      // Some end here, without a mark.
      connection.end()
    }
    let received = try await Received(endpoint.model().reply(try prompt()))
    #expect(received.text == "Twelve" && received.reason == reason && received.error == nil)
    let whole = try ScriptedEndpoint(
      Self.json(
        #"{"choices":[{"message":{"content":"Twelve"},"finish_reason":"\#(word)"}],"#
          + #""usage":{"prompt_tokens":3,"completion_tokens":1}}"#))
    let second = try await Received(whole.model().reply(try prompt()))
    #expect(second.text == "Twelve" && second.reason == reason)
    #expect(second.usage == [.usage(promptTokens: 3, replyTokens: 1)])
  }

  @Test(arguments: [
    // Behind the end, with no choices.
    (#"{}"#, #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#),
    // On the event that ends it, and again behind.
    (
      #"{"prompt_tokens":9,"completion_tokens":2}"#,
      #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#
    ),
    (#"{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}"#, #"{"choices":[]}"#),
    // Numbers that are none do not cost the reply.
    (
      #"{"prompt_tokens":9,"completion_tokens":2}"#,
      #"{"choices":[],"usage":{"prompt_tokens":"x"}}"#
    ),
    (#"{"prompt_tokens":9,"completion_tokens":2}"#, #"{"choices":[],"usage":null}"#),
  ])
  func `the usage is told once, wherever it stands`(onFinish: String, behind: String) async throws {
    let endpoint = try ScriptedEndpoint { connection in
      connection.begin()
      // Counted on in every event by some.
      connection.event(
        #"{"choices":[{"delta":{"content":"Twelve"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#
      )
      connection.event(
        #"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":\#(onFinish)}"#)
      connection.event(behind)
      connection.done()
    }
    let received = try await Received(endpoint.model().reply(try prompt()))
    #expect(received.usage == [.usage(promptTokens: 9, replyTokens: 2)])
    #expect(received.text == "Twelve" && received.reason == .stop)
  }

  @Test func `an endless model is stopped at its bytes`() async throws {
    let (gone, tell) = AsyncStream.makeStream(of: Void.self)
    let endpoint = try ScriptedEndpoint { connection in
      connection.begin()
      while connection.text("zwölf 🚲 ") {}
      tell.finish()
    }
    let model = endpoint.model(ReplyLimits(textBytes: 1_000))
    let received = try await Received(model.reply(try prompt()))
    #expect(received.reason == .bound && received.error == nil)
    #expect((997...1_000).contains(received.text.utf8.count))
    #expect(String(repeating: "zwölf 🚲 ", count: 100).hasPrefix(received.text))
    for await _ in gone {}
  }

  @Test func `a whole reply does not wait for the rest of its answer, which is read all the same`()
    async throws
  {
    let (rests, tell) = AsyncStream.makeStream(of: Bool.self)
    let gate = Gate()
    let endpoint = try ScriptedEndpoint { connection in
      connection.begin()
      connection.text("Twelve")
      connection.event("[DONE]")
      gate.wait()
      // More than any buffer between us holds.
      let piece = [UInt8](repeating: 0x20, count: 1 << 16)
      tell.yield((0..<256).allSatisfy { _ in connection.piece(piece) })
      connection.end()
    }
    let received = try await Received(endpoint.model().reply(try prompt()))
    #expect(received.text == "Twelve" && received.reason == .stop)
    gate.open()
    var rest = rests.makeAsyncIterator()
    #expect(await rest.next() == true)
  }

  @Test func `a connection serves one reply after the other`() async throws {
    let endpoint = try ScriptedEndpoint { connection in
      // In one piece, so that the end is there when the reply is.
      connection.respond(
        200, ["Content-Type: text/event-stream"],
        body: Array(
          ("data: {\"choices\":[{\"delta\":{\"content\":\"Twelve\"},\"finish_reason\":\"stop\"}]}\n\n"
            + "data: [DONE]\n\n").utf8))
    }
    let model = endpoint.model()
    for _ in 0..<5 {
      #expect(try await Received(model.reply(try prompt())).text == "Twelve")
    }
    #expect(endpoint.server.connectionCount == 1)
  }
}
