import Corpus
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct OperatorRowsTests {
  @Test func `what failed is listed; what was left out, taken out or lives is not`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/bobbin.sqlite"
    let database = try AppDatabase(path: path)
    for (name, isRemoved) in [("bot", false), ("gone", true)] {
      _ = try await database.ensureChatbot(slug: name, id: ChatbotID(unchecked: name), now: 1)
      let raw = try DatabaseQueue(path: path)
      try await raw.write { rows in
        try rows.execute(
          sql: """
            INSERT INTO knowledge_sources (id, chatbot_id, source_type, source_url, name, is_citable,
              bytes, crawl_json, created_at, updated_at)
            VALUES (?, ?, 'url', 'https://tower.example.com/', 'tower', 1, 0, '{}', 1, 1)
            """, arguments: ["s" + name, name])
        for (number, (state, reason)) in [
          ("waiting", "timeout"), ("ended", "encrypted"), ("ended", "near_duplicate"),
          ("ended", "removed"), ("ended", "unchanged"), ("live", nil), ("held", nil),
        ].enumerated() as EnumeratedSequence<[(String, String?)]> {
          try rows.execute(
            sql: """
              INSERT INTO documents (id, source_id, chatbot_id, run_id, uri, stage, state, reason, tries,
                pages, chunks, tokens, created_at, changed_at)
              VALUES (?, ?, ?, 'run', ?, 'extract', ?, ?, 1, 0, 0, 0, ?, 1)
              """,
            arguments: [
              "\(name)\(number)", "s" + name, name, "https://tower.example.com/Page\(number)",
              state,
              reason, number + 1,
            ])
        }
        if isRemoved {
          try rows.execute(
            sql: "UPDATE chatbots SET deleted_at = 1 WHERE id = ?", arguments: [name])
        }
      }
    }
    func listed(_ search: String = "", _ page: PageRequest = PageRequest(limit: 50)) async throws
      -> [String]
    {
      try await database.failedDocuments(search: search, page).map(\.document.id)
    }
    #expect(try await listed() == ["bot6", "bot1", "bot0"])
    #expect(try await listed("PAGE1") == ["bot1"])
    #expect(try await listed("bot") == ["bot6", "bot1", "bot0"])
    #expect(try await listed("castle").isEmpty)
    // Page by page, none twice and none left out.
    #expect(try await listed("", PageRequest(limit: 2)) == ["bot6", "bot1"])
    #expect(try await listed("", PageRequest(createdAt: 2, id: "bot1", limit: 2)) == ["bot0"])
    #expect(try await database.source("sbot")?.chatbot.text == "bot")
    #expect(try await database.sources(search: "TOWER.example", PageRequest(limit: 9)).count == 2)
    #expect(try await database.sources(search: "castle", PageRequest(limit: 9)).isEmpty)
  }

  @Test func `messages to CRMs are found by chatbot, state and what went wrong`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/bobbin.sqlite"
    let database = try AppDatabase(path: path)
    for name in ["bot", "other"] {
      _ = try await database.ensureChatbot(slug: name, id: ChatbotID(unchecked: name), now: 1)
    }
    let raw = try DatabaseQueue(path: path)
    try await raw.write { rows in
      for (id, chatbot, state, error) in [
        ("d1", "bot", "sent", nil), ("d2", "bot", "waiting", "It answered 500"),
        ("d3", "other", "dead", "It was not to be REACHED"),
      ] as [(String, String, String, String?)] {
        try rows.execute(
          sql: """
            INSERT INTO webhook_deliveries (id, chatbot_id, payload, state, tries, next_at, last_error,
              created_at) VALUES (?, ?, '{}', ?, 1, 1, ?, 5)
            """, arguments: [id, chatbot, state, error])
      }
    }
    func listed(_ search: String) async throws -> [String] {
      try await database.deliveries(of: nil, search: search, PageRequest(limit: 9)).map(\.id)
    }
    #expect(try await listed("") == ["d3", "d2", "d1"])
    #expect(try await listed("bot") == ["d2", "d1"])
    #expect(try await listed("waiting") == ["d2"])
    #expect(try await listed("reached") == ["d3"])
    #expect(try await listed("castle").isEmpty)
    #expect(try await database.delivery("d2")?.state == "waiting")
    #expect(try await database.delivery("none") == nil)
  }
}
