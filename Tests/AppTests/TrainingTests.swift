import Corpus
import Foundation
import Spool
import TestSupport
import Testing

@testable import App
@testable import Storage

/// What a run orders when its documents have come through.
@Suite struct TrainingTests {
  @Test func `documents for whose chunks the plan has no room end with that reason`() async throws {
    let api = try TestAPI()
    let owner = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: owner)
    let base = "/api/chatbots/\(chatbot)/"
    for name in ["a", "b", "c"] {
      let source = try await api.send(
        "POST", base + "sources/", token: owner.token,
        json: #"{"source_type":"file","name":"\#(name).txt","text":"The tower \#(name)."}"#)
      #expect(source.status == 201)
    }
    #expect(
      try await api.send("POST", base + "train/", token: owner.token, json: "{}").status == 202)
    // As receipts would have it: all three are embedded, each with 900 of the free plan's 2,000 chunks.
    try await api.database.changes.write { database in
      try database.change("UPDATE documents SET state = 'embedded', chunks = 900")
      try database.change("UPDATE run_items SET closed = 1, outcome = 'done'")
    }
    let spool = api.services.configuration.spool
    try await Training(spool: spool, database: api.database).advance()
    let index = SpoolDirectory(spool: spool, stage: "index")
    let item = try #require(try index.items(.incoming).first)
    let content = try ItemContent(
      frame: try DurableFile.read(
        index.file(.incoming, item.fileName), limit: JSONLines.itemLimit), name: item)
    let order = try JSONLines.decode(IndexOrder.self, from: try #require(content.records.first))
    #expect(order.live.count == 2 && order.keep == 2)
    let documents = try await api.database.documents(of: ChatbotID(unchecked: chatbot))
    let ended = documents.filter { $0.state == "ended" }
    #expect(ended.map(\.reason) == ["plan_limit"])
    #expect(ended.first?.message?.contains("2000 chunks") == true)
  }
}
