import Corpus
import Foundation
import Spool
import Storage
import TestSupport
import Testing

@testable import App

/// What an operator sees of work and of conversations, and does with it.
@Suite struct AdminSpoolTests {
  /// A server's routes, its operator, and an owner whose chatbot has one run with one item in the spool.
  private static func world() async throws -> (
    api: TestAPI, admin: TestAPI.Person, owner: TestAPI.Person, chatbot: String
  ) {
    let api = try TestAPI()
    let (admin, owner) = (try await api.signUp("ada"), try await api.signUp("eve"))
    try await api.promote(admin)
    let chatbot = try await api.chatbot(of: owner)
    let base = "/api/chatbots/\(chatbot)/"
    let source = try await api.send(
      "POST", base + "sources/", token: owner.token,
      json: #"{"source_type":"file","name":"n.txt","text":"The tower is 31 metres high."}"#)
    #expect(source.status == 201)
    #expect(
      try await api.send("POST", base + "train/", token: owner.token, json: "{}").status == 202)
    return (api, admin, owner, chatbot)
  }

  private static func item(_ api: TestAPI, in state: SpoolState = .incoming) throws -> String {
    let spool = api.services.configuration.spool
    return try #require(try SpoolDirectory(spool: spool, stage: "fetch").items(state).first?.id)
  }

  @Test func `all runs, and the spool by stage and state`() async throws {
    let (api, admin, _, chatbot) = try await Self.world()
    let runs = try await api.send("GET", "/api/admin/runs/?state=running", token: admin.token)
    #expect(runs["items.0.chatbot_id"] == .string(chatbot))
    #expect(
      try await api.send("GET", "/api/admin/runs/?state=done", token: admin.token)["items.0"]
        == .null)
    let spool = try await api.send("GET", "/api/admin/spool/", token: admin.token)
    #expect(spool["queues.0.stage"] == .string("fetch"))
    #expect(spool["queues.0.state"] == .string("incoming"))
    #expect(spool["queues.0.items"] == .integer(1))
    #expect(spool["queues.0.largest.0.chatbot_id"] == .string(chatbot))
  }

  @Test func `an item is moved by its whole id, and the move is in the log`() async throws {
    let (api, admin, owner, _) = try await Self.world()
    let item = try Self.item(api)
    func move(_ verb: String, _ name: String, _ token: String) async throws -> Int {
      try await api.send("POST", "/api/admin/spool/fetch/\(name)/\(verb)/", token: token).status
    }
    #expect(try await move("hold", item, owner.token) == 403)
    #expect(try await move("hold", String(item.prefix(8)), admin.token) == 404)
    #expect(try await move("release", item, admin.token) == 404)
    #expect(try await move("hold", item, admin.token) == 202)
    #expect(try Self.item(api, in: .hold) == item)
    // What is held is listed with the moves that may be made.
    let held = "/api/admin/spool/items/?stage=fetch&state=hold"
    #expect(try await api.send("GET", held, token: owner.token).status == 403)
    let list = try await api.send("GET", held, token: admin.token)
    #expect(list["total"] == .integer(1) && list["items.0.id"] == .string(item))
    #expect(list["items.0.moves"] == .array([.string("release"), .string("drop")]))
    let waiting = "/api/admin/spool/items/?stage=fetch&state=incoming"
    #expect(try await api.send("GET", waiting, token: admin.token)["total"] == .integer(0))
    #expect(try await move("release", item, admin.token) == 202)
    #expect(try Self.item(api) == item)
    #expect(try await move("drop", item, admin.token) == 202)
    let fetch = SpoolDirectory(spool: api.services.configuration.spool, stage: "fetch")
    #expect(try SpoolState.allCases.allSatisfy { try fetch.items($0).isEmpty })
    let log = try await api.send("GET", "/api/admin/audit/", token: admin.token)
    #expect(
      log["items.0.action"] == .string("item.drop") && log["items.0.object_id"] == .string(item))
    #expect(try await api.database.brokenAuditEntry { SHA256Digest(of: $0).bytes } == nil)
  }

  @Test func `health names each probe, and one that fails`() async throws {
    let (api, admin, _, _) = try await Self.world()
    let well = try await api.send("GET", "/api/admin/health/", token: admin.token)
    #expect(well["ready"] == .bool(true) && well["probes.1.name"] == .string("disk"))
    // A file where the ledger's directory has to be.
    let ledger = "\(api.services.configuration.spool)/ledger"
    try? FileManager.default.removeItem(atPath: ledger)
    try Data().write(to: URL(fileURLWithPath: ledger))
    let ill = try await api.send("GET", "/api/admin/health/", token: admin.token)
    #expect(ill["ready"] == .bool(false) && ill["probes.2.ok"] == .bool(false))
    #expect(!ill.text("probes.2.detail").isEmpty)
    #expect(try await api.send("GET", "/readyz").status == 503)
    #expect(try await api.send("GET", "/livez").status == 200)
    try FileManager.default.removeItem(atPath: ledger)
    #expect(try await api.send("GET", "/readyz").status == 200)
    // Where runs begin, and where answers come from.
    for (number, path) in [
      (2, "\(api.services.configuration.spool)/fetch"), (3, "\(api.folder.path)/shards"),
    ] {
      let aside = "\(path).aside"
      try? FileManager.default.moveItem(atPath: path, toPath: aside)
      try Data().write(to: URL(fileURLWithPath: path))
      let ill = try await api.send("GET", "/api/admin/health/", token: admin.token)
      #expect(ill["ready"] == .bool(false) && ill["probes.\(number).ok"] == .bool(false))
      #expect(try await api.send("GET", "/readyz").status == 503)
      try FileManager.default.removeItem(atPath: path)
      try? FileManager.default.moveItem(atPath: aside, toPath: path)
      #expect(try await api.send("GET", "/readyz").status == 200)
    }
  }

  @Test func `a server without its model is not ready once there is something to answer from`()
    async throws
  {
    let (api, _, _, _) = try await Self.world()
    let shards = "\(api.folder.path)/shards"
    try FileManager.default.createDirectory(
      atPath: "\(shards)/tower", withIntermediateDirectories: true)
    let models = api.services.configuration.modelDirectory
    #expect(!FileManager.default.fileExists(atPath: "\(models)/model.safetensors"))
    #expect(try await api.send("GET", "/readyz").status == 503)
    try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
    for name in ["vocab.txt", "model.safetensors"] {
      try Data().write(to: URL(fileURLWithPath: "\(models)/\(name)"))
    }
    #expect(try await api.send("GET", "/readyz").status == 200)
    try FileManager.default.removeItem(atPath: "\(shards)/tower")
  }

  @Test func `conversations are found by day, words, answer and feedback`() async throws {
    let (api, admin, owner, chatbot) = try await Self.world()
    let base = "/api/chatbots/\(chatbot)/"
    func ask(_ question: String) async throws -> TestAPI.Reply {
      let token = try await api.visitor(of: chatbot)
      let answer = try await api.send(
        "POST", "/api/chat/\(chatbot)/", token: token, json: #"{"message":"\#(question)"}"#)
      if question == "hello" {
        let feedback = try await api.send(
          "POST", "/api/chat/\(chatbot)/feedback/", token: token,
          json: #"{"message_id":"\#(answer.text("message_id"))","value":-1}"#)
        #expect(feedback.status == 204)
      }
      return answer
    }
    _ = try await ask("hello")
    _ = try await ask("How HIGH is the tower of zanderbloom?")
    func count(_ query: String, _ token: String, _ path: String) async throws -> Int {
      let reply = try await api.send("GET", path + query, token: token)
      guard case .array(let items) = reply["items"] else { return -1 }
      return items.count
    }
    for (path, token) in [
      (base + "conversations/", owner.token), ("/api/admin/conversations/", admin.token),
    ] {
      #expect(try await count("", token, path) == 2)
      #expect(try await count("?q=high%20is%20the%20tower", token, path) == 1)
      #expect(try await count("?q=nowhere", token, path) == 0)
      #expect(try await count("?answered=true", token, path) == 1)
      #expect(try await count("?answered=false", token, path) == 1)
      #expect(try await count("?feedback=-1", token, path) == 1)
      #expect(try await count("?feedback=1", token, path) == 0)
      #expect(try await count("?from=2026-01-01&to=2199-12-31", token, path) == 2)
      #expect(try await count("?to=2020-02-29", token, path) == 0)
    }
    for query in ["?from=2026-13-01", "?from=today", "?feedback=2", "?limit=%2B5"] {
      #expect(
        try await api.send("GET", base + "conversations/" + query, token: owner.token).status == 422
      )
    }
    #expect(
      try await api.send(
        "GET", base + "conversations/?limit=1&limit=2", token: owner.token
      ).code == "malformed")
  }

  @Test func `training is estimated by size before anything was read`() async throws {
    let (api, _, owner, _) = try await Self.world()
    // The free plan has one chatbot.
    var change = UserChange()
    change.planTier = "pro"
    _ = try await api.database.change(owner.id, change, now: WallClock.now())
    let base = "/api/chatbots/\(try await api.chatbot(of: owner, "Second"))/"
    func estimate() async throws -> TestAPI.Reply {
      try await api.send("GET", base + "train/estimate/", token: owner.token)
    }
    #expect(try await estimate()["documents_changed"] == .integer(0))
    let text = String(repeating: "All work and no play. ", count: 400)
    let source = try await api.send(
      "POST", base + "sources/", token: owner.token,
      json: #"{"source_type":"file","name":"n.txt","text":"\#(text)"}"#)
    #expect(source.status == 201)
    let found = try await estimate()
    #expect(found["basis"] == .string("size") && found["documents_changed"] == .integer(1))
    #expect(found["chunks_new"] == .integer(11) && found["tokens"] == .integer(2200))
  }

  @Test func `what has its vectors from an earlier reading is estimated to cost nothing again`()
    async throws
  {
    let (api, _, owner, chatbot) = try await Self.world()
    let base = "/api/chatbots/\(chatbot)/"
    let run = try await api.send("GET", base + "runs/", token: owner.token).text("items.0.id")
    let document = try await api.send("GET", base + "documents/", token: owner.token)
      .text("items.0.id")
    // Cut into four, of which three got their vectors before the endpoint refused the fourth.
    let receipts = [
      ("chunk", "c", "done", 4, 400), ("embed", "e1", "done", 3, 300),
      ("embed", "e2", "gone", 0, 0),
    ].map { stage, item, outcome, chunks, tokens in
      AppliedReceipt(
        run: run, stage: stage, item: item, outcome: "done", tries: 0, reason: nil, due: nil,
        message: nil, outputs: [],
        documents: [
          .init(
            id: document, outcome: outcome, reason: outcome == "gone" ? "text_refused" : nil,
            message: nil, title: nil, pages: 0, chunks: chunks, tokens: tokens)
        ], generation: nil, at: WallClock.now())
    }
    try await api.database.apply(receipts)
    let found = try await api.send("GET", base + "train/estimate/", token: owner.token)
    #expect(found["basis"] == .string("receipts") && found["documents_changed"] == .integer(1))
    #expect(found["chunks_new"] == .integer(1) && found["chunks_cached"] == .integer(3))
    // Nobody has named a price.
    #expect(found["tokens"] == .integer(100) && found["cost"] == .null)
    let usage = try await api.send("GET", "/api/usage/", token: owner.token)
    #expect(usage["tokens_embedded"] == .integer(300) && usage["cost"] == .null)
  }

  @Test func `a session is forgotten with a receipt, another's is not`() async throws {
    let (api, _, owner, chatbot) = try await Self.world()
    let base = "/api/chatbots/\(chatbot)/"
    let token = try await api.visitor(of: chatbot)
    let answer = try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: token, json: #"{"message":"hello"}"#)
    #expect(answer.status == 200)
    let listed = try await api.send("GET", base + "conversations/", token: owner.token)
    let session = listed.text("items.0.session_id")
    func erase(_ session: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", base + "erase/", token: owner.token, json: #"{"session_id":"\#(session)"}"#)
    }
    #expect(try await erase("another")["conversations"] == .integer(0))
    let receipt = try await erase(session)
    #expect(receipt["conversations"] == .integer(1) && receipt["messages"] == .integer(2))
    #expect(
      try await api.send("GET", base + "conversations/", token: owner.token)["items.0"] == .null)
  }
}
