import Answering
import Corpus
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import Storage
import Synchronization
import Testing

@testable import App

/// A question that is asked again under the same name: answered from what is kept, not asked and not counted.
@Suite struct RepeatedQuestionTests {
  private struct Chat {
    let api: TestAPI
    let ada: TestAPI.Person
    let chatbot: String
    let visitor: String

    /// - Parameter hasModel: with an endpoint that is not there, and that a greeting does not need.
    init(hasModel: Bool = false) async throws {
      api = try TestAPI(hasModel ? ["OPENAI_BASE_URL": "http://127.0.0.1:9/v1"] : [:])
      ada = try await api.signUp("ada")
      chatbot = try await api.chatbot(of: ada)
      visitor = try await api.visitor(of: chatbot)
    }

    func headers(events: Bool, _ key: String? = "first-try") -> [String: String] {
      var headers: [String: String] = [:]
      headers["Idempotency-Key"] = key
      if events { headers["Accept"] = "text/event-stream" }
      return headers
    }

    func ask(events: Bool, _ message: String = "hello") async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"\#(message)"}"#,
        headers: headers(events: events))
    }

    /// How many messages the owner has used.
    func used() async throws -> JSONValue {
      try await api.send("GET", "/api/usage/", token: ada.token)["messages_used"]
    }
  }

  /// The payload of a stream's event.
  private func event(_ name: String, in text: String) -> String? {
    let lines = text.split(separator: "\n").map(String.init)
    guard let index = lines.firstIndex(of: "event: \(name)") else { return nil }
    return String(lines[index + 1].dropFirst("data: ".count))
  }

  @Test func `a stream is given again as it ended, and JSON of it too`() async throws {
    let chat = try await Chat()
    let first = try await chat.ask(events: true)
    let again = try await chat.ask(events: true)
    #expect(first.status == 200 && again.status == 200)
    #expect(again.header("Content-Type") == "text/event-stream")
    for name in ["start", "sources", "done"] {
      #expect(event(name, in: again.text) == event(name, in: first.text), "\(name)")
      #expect(event(name, in: again.text) != nil, "\(name)")
    }
    let names = again.text.split(separator: "\n").filter { $0.hasPrefix("event: ") }
    #expect(names == ["event: start", "event: delta", "event: sources", "event: done"])
    let whole = try await chat.ask(events: false)
    #expect(event("delta", in: again.text)?.contains(whole.text("message")) == true)
    #expect(event("start", in: first.text)?.contains(whole.text("message_id")) == true)
    #expect(try await chat.used() == .integer(1))
    let other = try await chat.ask(events: true, "good morning")
    #expect(other.status == 422 && other.code == "idempotency-mismatch")
    let history = try await chat.api.send(
      "GET", "/api/chat/\(chat.chatbot)/history/", token: chat.visitor)
    #expect(history["items.1.role"] == .string("assistant") && history["items.2"] == .null)
  }

  @Test func `a source that has become private is cited in no repeated answer`() async throws {
    let chat = try await Chat()
    let api = chat.api
    let source = try await api.send(
      "POST", "/api/chatbots/\(chat.chatbot)/sources/", token: chat.ada.token,
      json:
        #"{"source_type":"file","name":"a.txt","text":"Orrin has nine arches.","is_citable":true}"#)
    #expect(source.status == 201, "\(source.text)")
    let first = try await chat.ask(events: false)
    // An answer with a citation, kept under the name: a model or a shard is not what is looked at here.
    let session = try #require(
      try await api.database.conversation(
        first.text("conversation_id"), of: ChatbotID(unchecked: chat.chatbot)))
    var answer = NewAnswer(
      id: FreshID.text(now: api.clock()), conversation: session.id,
      chatbot: ChatbotID(unchecked: chat.chatbot), content: "Nine arches [1].", answered: true,
      mode: "quoted", milliseconds: 1,
      citations: [
        .init(
          n: 1, source: SourceID(unchecked: source.text("id")),
          json: #"{"n":1,"title":"canary-title"}"#, reference: "r")
      ], now: api.clock())
    answer.end = KeptAnswer(message: answer.id, conversation: session.id).end(
      NamedRequest(caller: "session:\(session.session)", key: "first-try"))
    try await api.database.add(answer)
    let path = "/api/chat/\(chat.chatbot)/"
    func again(events: Bool) async throws -> String {
      let response = try await api.respond(
        "POST", path, token: chat.visitor, json: #"{"message":"hello"}"#,
        headers: chat.headers(events: events))
      let collector = BodyCollector()
      try await response.body.write(collector)
      return String(decoding: collector.bytes(), as: UTF8.self)
    }
    for events in [false, true] {
      let text = try await again(events: events)
      #expect(text.contains("Nine arches") && text.contains("canary-title"), "\(text)")
    }
    let changed = try await api.send(
      "PATCH", "/api/chatbots/\(chat.chatbot)/sources/\(source.text("id"))/",
      token: chat.ada.token, json: #"{"is_citable":false}"#)
    #expect(changed.status == 200)
    for events in [false, true] {
      let text = try await again(events: events)
      #expect(text.contains("Nine arches") && !text.contains("canary-title"), "\(text)")
      #expect(text.contains(#""sources":[]"#))
    }
  }

  @Test func `what was erased is not given again but asked anew`() async throws {
    let chat = try await Chat()
    let first = try await chat.ask(events: false)
    #expect(
      try await chat.api.send(
        "DELETE", "/api/chat/\(chat.chatbot)/session/", token: chat.visitor
      ).status == 204)
    let again = try await chat.ask(events: false)
    #expect(again.status == 200 && again.text("message_id") != first.text("message_id"))
    #expect(try await chat.used() == .integer(2))
    let third = try await chat.ask(events: false)
    #expect(third.text("message_id") == again.text("message_id"))
  }

  @Test func `a limited answer is given again too`() async throws {
    let chat = try await Chat()
    var change = UserChange()
    change.messageQuota = .some(0)
    _ = try await chat.api.database.change(chat.ada.id, change, now: WallClock.now())
    let first = try await chat.ask(events: false)
    let again = try await chat.ask(events: false)
    #expect(first["limited"] == .bool(true) && first.body == again.body)
    let stream = try await chat.ask(events: true)
    #expect(stream.text.contains(first.text("message_id")))
    let usage = try await chat.api.send("GET", "/api/usage/", token: chat.ada.token)
    #expect(usage["messages_limited"] == .integer(1))
  }

  /// A reader who has gone after so many writes.
  private final class Leaving: ResponseBodyWriter, Sendable {
    private struct Gone: Error {}
    private let left: Mutex<Int>
    init(after count: Int) { left = Mutex(count) }
    func write(_ buffer: ByteBuffer) async throws {
      try left.withLock { left in
        guard left > 0 else { throw Gone() }
        left -= 1
      }
    }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }

  @Test(arguments: [true, false])
  func `who loses the connection finds the whole answer under the name`(
    hasModel: Bool
  ) async throws {
    for writes in 0...4 {
      let chat = try await Chat(hasModel: hasModel)
      let response = try await chat.api.respond(
        "POST", "/api/chat/\(chat.chatbot)/", token: chat.visitor,
        json: #"{"message":"hello"}"#, headers: chat.headers(events: true))
      do {
        try await response.body.write(Leaving(after: writes))
      } catch is EventStream.Gone where !hasModel {
        // A quoted answer is noted before its first byte: nothing has to be made to its end.
      }
      let again = try await chat.ask(events: true)
      #expect(again.status == 200 && again.text.contains("event: done"), "\(writes)")
      #expect(try await chat.used() == .integer(1))
    }
    // Without a name nobody will ask for it again: it ends with its reader.
    let chat = try await Chat(hasModel: hasModel)
    let response = try await chat.api.respond(
      "POST", "/api/chat/\(chat.chatbot)/", token: chat.visitor, json: #"{"message":"hello"}"#,
      headers: chat.headers(events: true, nil))
    await #expect(throws: EventStream.Gone.self) {
      try await response.body.write(Leaving(after: 0))
    }
  }

  @Test func `a request that was given up is no hindrance for ever`() async throws {
    let chat = try await Chat()
    let name = NamedRequest(caller: "user:x", key: "k")
    func begin(_ minutes: Int) async throws -> Bool {
      let known = try await chat.api.database.beginRequest(
        name, digest: [1], expiresAt: 86_400_000, now: minutes * 60_000)
      if case .new = known { return true }
      return false
    }
    #expect(try await begin(1))
    #expect(try await !begin(30))
    #expect(try await begin(32))
  }

  @Test func `conversations are found in letters of any size`() async throws {
    let chat = try await Chat()
    for message in ["Öffnet das Café in der Straße am Montag?", "Πού είναι ο Οδυσσεύς;"] {
      let reply = try await chat.api.send(
        "POST", "/api/chat/\(chat.chatbot)/", token: try await chat.api.visitor(of: chat.chatbot),
        json: #"{"message":"\#(message)"}"#)
      #expect(reply.status == 200, "\(reply.text)")
    }
    for (words, count) in [
      ("öffnet", 1), ("ÖFFNET", 1), ("CAFÉ", 1), ("STRASSE", 1), ("straße", 1), ("ΟΔΥΣΣΕΎΣ", 1),
      ("οδυσσεύσ", 1), ("cafe", 0), ("%", 0),
    ] {
      let query = words.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      let found = try await chat.api.send(
        "GET", "/api/chatbots/\(chat.chatbot)/conversations/?q=\(query)", token: chat.ada.token)
      guard case .array(let items) = found["items"] else {
        Issue.record("\(found.text)")
        continue
      }
      #expect(items.count == count, "\(words)")
    }
  }
}
