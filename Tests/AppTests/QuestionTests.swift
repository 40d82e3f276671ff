import Corpus
import Foundation
import Spool
import TestSupport
import Testing

@testable import App
@testable import Storage

/// Golden questions and the gate over the API, and what a run orders because of them.
@Suite struct QuestionTests {
  private let questions = #"""
    {"items":[{"question":"How high is the tower?","history":["Is there a tower?"],"expected":"31 metres"},
    {"question":"Who is the king?","no_answer":true}]}
    """#

  @Test func `questions are replaced as a whole and come back in their order`() async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let path = "/api/chatbots/\(try await api.chatbot(of: owner))/questions/"
    #expect(try await api.send("GET", path, token: owner.token)["items"] == .array([]))
    let put = try await api.send("PUT", path, token: owner.token, json: questions)
    #expect(put.status == 200 && put.text("items.0.expected") == "31 metres")
    #expect(put["items.0.history.0"] == .string("Is there a tower?"))
    #expect(put["items.1.no_answer"] == .bool(true) && put["items.1.source_id"] == .null)
    #expect(try await api.send("GET", path, token: owner.token).text == put.text)
    #expect(
      try await api.send("PUT", path, token: owner.token, json: #"{"items":[]}"#).status == 200)
    #expect(try await api.send("GET", path, token: owner.token)["items"] == .array([]))
  }

  @Test(arguments: [
    (#"{"question":"A?"}"#, "items[0].no_answer"),
    (#"{"question":"A?","expected":"b","no_answer":true}"#, "items[0].no_answer"),
    (#"{"question":" ","expected":"b"}"#, "items[0].question"),
    (#"{"question":"A?","source_id":"nobody"}"#, "items[0].source_id"),
  ])
  func `a question that cannot be measured is refused by its place`(
    question: String, field: String
  ) async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let path = "/api/chatbots/\(try await api.chatbot(of: owner))/questions/"
    let reply = try await api.send(
      "PUT", path, token: owner.token, json: #"{"items":[\#(question)]}"#)
    #expect(reply.status == 422 && reply.text("errors.0.field") == field, "\(reply.text)")
  }

  @Test func `a source of another is no place for an answer, and 201 are too many`() async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let other = try await api.signUp("bob")
    let theirs = try await api.chatbot(of: other)
    let source = try await api.send(
      "POST", "/api/chatbots/\(theirs)/sources/", token: other.token,
      json: #"{"source_type":"file","name":"a.txt","text":"The tower."}"#
    ).text("id")
    let path = "/api/chatbots/\(try await api.chatbot(of: owner))/questions/"
    func put(_ items: String) async throws -> Int {
      try await api.send("PUT", path, token: owner.token, json: "{\"items\":[\(items)]}").status
    }
    #expect(try await put(#"{"question":"A?","source_id":"\#(source)"}"#) == 422)
    let many = (0..<201).map { #"{"question":"\#($0)?","no_answer":true}"# }
    #expect(try await put(many.joined(separator: ",")) == 422)
    #expect(try await put(many.dropLast().joined(separator: ",")) == 200)
  }

  @Test func `a gate is set, seen and taken away`() async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let path = "/api/chatbots/\(try await api.chatbot(of: owner))/"
    #expect(try await api.send("GET", path, token: owner.token)["quality_gate"] == .null)
    func patch(_ gate: String) async throws -> TestAPI.Reply {
      try await api.send("PATCH", path, token: owner.token, json: #"{"quality_gate":\#(gate)}"#)
    }
    let set = try await patch(#"{"recall_at_5":0.85,"no_answer":null}"#)
    #expect(set["quality_gate.recall_at_5"] == .number(0.85))
    #expect(set["quality_gate.no_answer"] == .null)
    #expect(try await patch(#"{"no_answer":1}"#)["quality_gate.recall_at_5"] == .null)
    for wrong in [#"{"recall_at_5":1.01}"#, #"{"recall_at_5":-1}"#, #"{"recall_at_5":"1"}"#] {
      #expect(try await patch(wrong).status == 422, "\(wrong)")
    }
    #expect(try await patch(#"{"mrr":1}"#).status == 400)
    #expect(try await patch("null")["quality_gate"] == .null)
  }

  // MARK: The gate of a run

  /// A run whose one document has come through, of a chatbot with questions and a gate.
  private func embedded(gate: String = #"{"recall_at_5":0.8}"#) async throws -> (
    TestAPI, TestAPI.Person, chatbot: String, run: String
  ) {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: owner)
    let base = "/api/chatbots/\(chatbot)/"
    _ = try await api.send(
      "POST", base + "sources/", token: owner.token,
      json: #"{"source_type":"file","name":"a.txt","text":"The tower."}"#)
    _ = try await api.send("PUT", base + "questions/", token: owner.token, json: questions)
    _ = try await api.send(
      "PATCH", base, token: owner.token, json: #"{"quality_gate":\#(gate)}"#)
    let run = try await api.send("POST", base + "train/", token: owner.token, json: "{}")
    try await api.database.changes.write { database in
      try database.change("UPDATE documents SET state = 'embedded', chunks = 1")
      try database.change("UPDATE run_items SET closed = 1, outcome = 'done'")
    }
    return (api, owner, chatbot, run.text("id"))
  }

  private func orders(_ api: TestAPI) throws -> [(id: String, order: IndexOrder)] {
    let index = SpoolDirectory(spool: api.services.configuration.spool, stage: "index")
    return try index.items(.incoming).map { item in
      let frame = try DurableFile.read(
        index.file(.incoming, item.fileName), limit: JSONLines.itemLimit)
      let content = try ItemContent(frame: frame, name: item)
      return (
        item.id, try JSONLines.decode(IndexOrder.self, from: try #require(content.records.first))
      )
    }
  }

  private func training(_ api: TestAPI) -> Training {
    Training(spool: api.services.configuration.spool, database: api.database)
  }

  /// What the index stage says of an order.
  private func receipt(
    _ api: TestAPI, _ run: String, _ item: String, held: Int? = nil, live: Int? = nil,
    reason: String? = nil
  ) async throws {
    let documents = try await api.database.documents(of: RunID(unchecked: run))
    try await api.database.apply([
      AppliedReceipt(
        run: run, stage: "index", item: item, outcome: "done", tries: 0, reason: reason, due: nil,
        message: "It waits.", outputs: [],
        documents: documents.map {
          .init(
            id: $0.id, outcome: "done", reason: nil, message: nil, title: nil, pages: 0, chunks: 0,
            tokens: 0)
        }, generation: live, heldGeneration: held, at: 5)
    ])
  }

  @Test func `a gated training orders a build that is held, and nothing twice`() async throws {
    let (api, owner, chatbot, run) = try await embedded()
    try await training(api).advance()
    try await training(api).advance()
    let built = try orders(api)
    #expect(built.count == 1 && built.first?.order.hold == true)
    try await receipt(api, run, try #require(built.first).id, held: 1, reason: "evaluation")
    // It is training still, and nobody else may move the chatbot meanwhile.
    let path = "/api/chatbots/\(chatbot)/"
    let shown = try await api.send("GET", path + "runs/\(run)/", token: owner.token)
    #expect(shown.text("state") == "running" && shown["gate.passed"] == .null)
    #expect(try await training(api).advance())
    #expect(try orders(api).count == 1)
    await #expect(throws: StageFault.self) {
      try await training(api).order(.rollback, generation: 1, of: ChatbotID(unchecked: chatbot))
    }
    let open = try #require(try await api.database.openRuns().first)
    let verdict = Verdict(generation: 1, json: #"{"passed":true,"questions":2}"#)
    #expect(try await training(api).order(open, passing: verdict))
    // The second verdict comes too late, whatever it says.
    try await api.database.hold(
      open.id, Verdict(generation: 1, json: #"{"passed":false,"questions":2}"#), reason: "no")
    let published = try orders(api).map(\.order).filter { $0.action == .publish }
    #expect(published.count == 1 && published.first?.generation == 1)
    #expect(published.first?.live.count == 1)
    let item = try #require(try orders(api).first { $0.order.action == .publish }).id
    try await receipt(api, run, item, live: 1)
    // A receipt that comes again changes nothing.
    try await receipt(api, run, try #require(built.first).id, held: 1, reason: "evaluation")
    try await training(api).advance()
    let done = try await api.send("GET", path + "runs/\(run)/", token: owner.token)
    #expect(done.text("state") == "done" && done["gate.passed"] == .bool(true), "\(done.text)")
    #expect(done["generation"] == .integer(1) && done["held_reason"] == .null)
  }

  @Test func `a verdict that fails holds the run with its sentence`() async throws {
    let (api, owner, chatbot, run) = try await embedded()
    try await training(api).advance()
    try await receipt(
      api, run, try #require(try orders(api).first).id, held: 1, reason: "evaluation")
    // There is no such shard here: that is told, and it stays as it is until it is given up.
    let gatekeeper = api.services.gatekeeper { _ in }
    let open = try #require(try await api.database.openRuns().first)
    await #expect(throws: (any Error).self) { try await gatekeeper.judge(open) }
    #expect(try await api.database.openRuns().first?.evaluatedGeneration == 1)
    let finding = Verdict(
      generation: 1, json: #"{"passed":false,"recall_at_5":0.71,"questions":2}"#)
    try await api.database.hold(open.id, finding, reason: "recall@5 0.710 is below 0.800")
    let path = "/api/chatbots/\(chatbot)/runs/\(run)/"
    let held = try await api.send("GET", path, token: owner.token)
    #expect(held.text("state") == "held" && held["gate.recall_at_5"] == .number(0.71))
    #expect(held.text("held_reason") == "recall@5 0.710 is below 0.800")
    #expect(
      try await api.send("POST", path + "publish/", token: owner.token).status == 202)
    #expect(try orders(api).last { $0.order.action == .publish }?.order.live.count == 1)
  }

  @Test func `a crash between verdict and publishing loses neither`() async throws {
    let (api, _, _, run) = try await embedded()
    try await training(api).advance()
    try await receipt(
      api, run, try #require(try orders(api).first).id, held: 1, reason: "evaluation")
    let open = try #require(try await api.database.openRuns().first)
    let verdict = Verdict(generation: 1, json: #"{"passed":true,"questions":2}"#)
    #expect(try await training(api).order(open, passing: verdict))
    let item = try #require(try orders(api).first { $0.order.action == .publish }).id
    // As a crash between commit and publishing leaves it: the rows know the order, the spool does not.
    let index = SpoolDirectory(spool: api.services.configuration.spool, stage: "index")
    let name = try #require(try index.items(.incoming).first { $0.id == item })
    let frame = try DurableFile.read(
      index.file(.incoming, name.fileName), limit: JSONLines.itemLimit)
    let content = try Zstd.decompress(frame, limit: JSONLines.itemLimit, name: name.id)
    try DurableFile.remove(index.file(.incoming, name.fileName))
    try await api.database.changes.write { database in
      let hex = content.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined()
      try database.change(
        "UPDATE run_first_items SET published_at = NULL, content = X'\(hex)' "
          + "WHERE stage = 'index' AND ordinal = 1")
    }
    // The run waits for no second verdict, and the order comes again under its name.
    #expect(try await api.database.openRuns().first?.evaluatedGeneration == nil)
    try await training(api).republish()
    #expect(try orders(api).filter { $0.order.action == .publish }.map(\.id) == [item])
  }

  @Test func `without a gate, or without questions, nothing is held`() async throws {
    let (api, _, _, _) = try await embedded(gate: "null")
    try await training(api).advance()
    #expect(try orders(api).map(\.order.hold) == [nil])
    let (other, owner, chatbot, _) = try await embedded()
    _ = try await other.send(
      "PUT", "/api/chatbots/\(chatbot)/questions/", token: owner.token, json: #"{"items":[]}"#)
    try await training(other).advance()
    #expect(try orders(other).map(\.order.hold) == [nil])
  }

  @Test func `an owner who takes the gate away lets the generation go`() async throws {
    let (api, owner, chatbot, run) = try await embedded()
    try await training(api).advance()
    try await receipt(
      api, run, try #require(try orders(api).first).id, held: 1, reason: "evaluation")
    _ = try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: owner.token, json: #"{"quality_gate":null}"#)
    try await api.services.gatekeeper { _ in }
      .judge(try #require(try await api.database.openRuns().first))
    #expect(try orders(api).contains { $0.order.action == .publish })
  }

  @Test func `what the shrink guard holds is its owner's to decide`() async throws {
    let (api, owner, chatbot, run) = try await embedded()
    try await training(api).advance()
    try await receipt(api, run, try #require(try orders(api).first).id, held: 1)
    let shown = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/runs/\(run)/", token: owner.token)
    #expect(shown.text("state") == "held" && shown["gate"] == .null)
    #expect(try await api.database.openRuns().isEmpty)
  }
}
