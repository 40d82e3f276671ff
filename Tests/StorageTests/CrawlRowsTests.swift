import Corpus
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Pages that a crawl finds, as rows.
@Suite struct CrawlRowsTests {
  let folder: TemporaryFolder
  let database: AppDatabase
  let chatbot = ChatbotID(unchecked: "bot1")

  init() async throws {
    folder = try TemporaryFolder()
    database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    _ = try await database.ensureChatbot(slug: "site", id: chatbot, now: 1)
  }

  private func begin(_ run: String, at: Int) async throws {
    let source = Source(
      source: SourceID(unchecked: "s1"), document: DocumentID(unchecked: "start"),
      location: .web(url: "http://a/"), name: "http://a/",
      crawl: CrawlBounds(depth: 1, maxPages: 9))
    try await database.beginRun(
      RunID(unchecked: run), of: chatbot,
      sources: [SourceRequest(source: source, visibility: .citable, crawl: #"{"depth":1}"#)],
      items: [("first\(run)", [1])], now: at)
  }

  private func receipt(
    _ run: String, _ stage: String, _ item: String, _ document: String, _ outcome: String = "done",
    reason: String? = nil, uri: String? = nil, title: String? = nil, source: String = "s1",
    generation: Int? = nil, kept: String? = nil, at: Int = 2
  ) -> AppliedReceipt {
    AppliedReceipt(
      run: run, stage: stage, item: item, outcome: "done", tries: 0, reason: nil, due: nil,
      message: nil, outputs: [],
      documents: [
        .init(
          id: document, outcome: outcome, reason: reason, message: nil, title: title, pages: 0,
          chunks: 0, tokens: 0,
          found: stage == "fetch"
            ? .init(
              source: source, uri: uri, leadsTo: nil, status: 200, depth: 1, etag: "\"1\"",
              lastModified: nil, content: "sha256:x", tries: nil, due: nil) : nil,
          kept: kept.map { ($0, "http://a/\($0)") })
      ], generation: generation, at: at, counts: #"{"outside":2}"#)
  }

  private func rows() async throws -> [String] {
    try await database.documents(of: chatbot).map {
      "\($0.uri) \($0.state) \($0.reason ?? "-") \($0.title ?? "-")"
    }
  }

  @Test(arguments: 0..<10)
  func `a page that is found becomes a document in whatever order receipts come`(
    seed: Int
  ) async throws {
    try await begin("r1", at: 1)
    var generator = SplitMix(state: UInt64(seed))
    let receipts = [
      receipt("r1", "fetch", "i1", "start"),
      receipt("r1", "fetch", "i1b", "d2", "retry", reason: "http_503", uri: "http://a/2"),
      receipt("r1", "fetch", "i2", "d2", uri: "http://a/2", at: 3),
      receipt("r1", "extract", "e2", "d2", title: "Two", at: 4),
      receipt("r1", "fetch", "i3", "d3", "gone", reason: "robots", uri: "http://a/3"),
    ]
    for receipt in (receipts + receipts).shuffled(using: &generator) {
      try await database.apply([receipt])
    }
    #expect(
      try await rows() == [
        "http://a/ fetched - -", "http://a/2 extracted - Two", "http://a/3 ended robots -",
      ])
    let lines = try await database.addresses(of: RunID(unchecked: "r1"))
    #expect(lines.map(\.uri) == ["http://a/", "http://a/2", "http://a/3"])
    #expect(lines.map(\.reason) == [nil, nil, "robots"])
    #expect(try await database.counts(of: RunID(unchecked: "r1"))["outside"] == 10)
  }

  @Test func `a receipt that fits no row changes none and is not refused`() async throws {
    try await begin("r1", at: 1)
    try await database.apply([
      // Another document has the address; the source is not known.
      receipt("r1", "fetch", "i1", "d9", uri: "http://a/"),
      receipt("r1", "fetch", "i2", "d8", uri: "http://a/8", source: "nobody"),
    ])
    #expect(try await rows() == ["http://a/ queued - -"])
  }

  @Test func `what has not changed stays live, and what is gone twice leaves`() async throws {
    try await begin("r1", at: 1)
    try await database.apply([
      receipt("r1", "fetch", "i1", "start"), receipt("r1", "index", "o", "start", generation: 1),
      receipt("r1", "fetch", "i2", "d2", uri: "http://a/2"),
      receipt("r1", "index", "o2", "d2", generation: 1, at: 3),
    ])
    #expect(try await rows() == ["http://a/ live - -", "http://a/2 live - -"])
    try await database.finishRun(RunID(unchecked: "r1"), state: "done", now: 4)
    #expect(try await database.knownDocuments(of: chatbot).map(\.etag) == ["\"1\"", "\"1\""])

    try await begin("r2", at: 10)
    try await database.apply([
      receipt("r2", "fetch", "i1", "start", "gone", reason: "unchanged", at: 11),
      receipt("r2", "fetch", "i2", "d2", "gone", reason: "http_404", uri: "http://a/2", at: 11),
    ])
    #expect(try await rows() == ["http://a/ live unchanged -", "http://a/2 ended http_404 -"])
    #expect(try await database.leavingDocuments(of: RunID(unchecked: "r2")).isEmpty)
    try await database.finishRun(RunID(unchecked: "r2"), state: "done", now: 12)

    try await begin("r3", at: 20)
    try await database.apply([
      receipt("r3", "fetch", "i2", "d2", "gone", reason: "http_404", uri: "http://a/2", at: 21)
    ])
    let leaving = try await database.leavingDocuments(of: RunID(unchecked: "r3"))
    #expect(leaving.map(\.text) == ["d2"])
    #expect(
      try await database.addOrder(
        RunID(unchecked: "r3"), item: "order", content: [1], removed: leaving, now: 22))
    try await database.finishRun(RunID(unchecked: "r3"), state: "done", now: 23)
    let left = try #require(try await database.document("d2", of: chatbot))
    #expect(left.generation == nil && left.reason == "http_404")
    #expect(try await database.leavingDocuments(of: RunID(unchecked: "r3")).isEmpty)
  }

  @Test(arguments: 0..<10)
  func `a page for which another one stands says so, in whatever order receipts come`(
    seed: Int
  ) async throws {
    var generator = SplitMix(state: UInt64(seed))
    try await begin("r1", at: 1)
    let first = [
      receipt("r1", "fetch", "i1", "start"), receipt("r1", "index", "o1", "start", generation: 1),
      receipt("r1", "fetch", "i2", "d2", uri: "http://a/2"),
      receipt("r1", "embed", "e2", "d2", at: 3),
      receipt(
        "r1", "index", "o2", "d2", "gone", reason: "near_duplicate", generation: 1, kept: "start",
        at: 4),
    ]
    // The row is there before the order: it is made of what fetch said.
    try await database.apply([first[2]])
    for receipt in (first + first).shuffled(using: &generator) {
      try await database.apply([receipt])
    }
    #expect(try await rows() == ["http://a/ live - -", "http://a/2 ended near_duplicate -"])
    let kept = try #require(try await database.document("start", of: chatbot))
    #expect(kept.addresses == ["http://a/2"])
    let alias = try #require(try await database.document("d2", of: chatbot))
    #expect(alias.leadsTo == "http://a/start" && alias.generation == nil && alias.isLeftOut)
    var line = try await database.addresses(of: RunID(unchecked: "r1")).last
    #expect(line?.reason == "near_duplicate" && line?.leadsTo == "http://a/start")
    // It is asked for again as a page whose text is known.
    let known = try await database.knownDocuments(of: chatbot)
    #expect(known.map(\.id) == ["start", "d2"] && known.allSatisfy(\.isLive))
    try await database.finishRun(RunID(unchecked: "r1"), state: "done", now: 5)

    // Unchanged, it is still not by itself.
    try await begin("r2", at: 10)
    try await database.apply([
      receipt("r2", "fetch", "i1", "start", "gone", reason: "unchanged", at: 11),
      receipt("r2", "fetch", "i2", "d2", "gone", reason: "unchanged", uri: "http://a/2", at: 11),
    ])
    #expect(
      try await rows() == ["http://a/ live unchanged -", "http://a/2 ended near_duplicate -"])
    line = try await database.addresses(of: RunID(unchecked: "r2")).last
    #expect(line?.reason == "near_duplicate" && line?.leadsTo == "http://a/start")
    try await database.finishRun(RunID(unchecked: "r2"), state: "done", now: 12)

    // It takes the place of the page that stood for it, by an order of a run that has not met it.
    try await begin("r3", at: 20)
    for receipt in [
      receipt("r3", "index", "o3", "d2", generation: 2, at: 21), first[4],
      receipt("r3", "index", "o3", "d2", generation: 2, at: 21),
    ] { try await database.apply([receipt]) }
    let heir = try #require(try await database.document("d2", of: chatbot))
    #expect(heir.state == "live" && heir.generation == 2)
    #expect(try await database.document("start", of: chatbot)?.addresses == [])
  }

  @Test func `a page that is gone twice leaves the one that stands for it, too`() async throws {
    try await begin("r1", at: 1)
    try await database.apply([
      receipt("r1", "fetch", "i1", "start"), receipt("r1", "index", "o1", "start", generation: 1),
      receipt("r1", "fetch", "i2", "d2", uri: "http://a/2"),
      receipt(
        "r1", "index", "o2", "d2", "gone", reason: "near_duplicate", generation: 1, kept: "start"),
    ])
    for (run, at) in [("r2", 10), ("r3", 20)] {
      try await begin(run, at: at)
      try await database.apply([
        receipt(run, "fetch", "i2", "d2", "gone", reason: "http_404", uri: "http://a/2", at: at + 1)
      ])
    }
    let leaving = try await database.leavingDocuments(of: RunID(unchecked: "r3"))
    #expect(leaving.map(\.text) == ["d2"])
    #expect(
      try await database.addOrder(
        RunID(unchecked: "r3"), item: "order", content: [1], removed: leaving, now: 22))
    try await database.finishRun(RunID(unchecked: "r3"), state: "done", now: 23)
    #expect(try await database.leavingDocuments(of: RunID(unchecked: "r3")).isEmpty)
    #expect(try await database.knownDocuments(of: chatbot).map(\.id) == ["start"])
  }

  @Test func `a page that its site wants out leaves at once, one that fails stays`() async throws {
    try await begin("r1", at: 1)
    try await database.apply([
      receipt("r1", "fetch", "i2", "d2", uri: "http://a/2"),
      receipt("r1", "index", "o2", "d2", generation: 1),
      receipt("r1", "fetch", "i3", "d3", uri: "http://a/3"),
      receipt("r1", "index", "o3", "d3", generation: 1),
    ])
    try await begin("r2", at: 10)
    try await database.apply([
      receipt("r2", "fetch", "i2", "d2", "gone", reason: "noindex", uri: "http://a/2", at: 11),
      receipt("r2", "fetch", "i3", "d3", "failed", reason: "http_503", uri: "http://a/3", at: 11),
    ])
    #expect(
      try await database.leavingDocuments(of: RunID(unchecked: "r2")).map(\.text) == ["d2"])
    let kept = try #require(try await database.document("d3", of: chatbot))
    #expect(kept.state == "ended" && kept.generation == 1)
  }

  @Test func `runs that find nothing new are counted until one does, or one has trouble`()
    async throws
  {
    let source = SourceID(unchecked: "s1")
    func run(_ name: String, _ at: Int, _ receipts: [AppliedReceipt]) async throws -> Int {
      try await begin(name, at: at)
      try await database.apply(receipts)
      try await database.finishRun(RunID(unchecked: name), state: "done", now: at + 1)
      return try await database.quietRuns(of: source)
    }
    func same(_ run: String, _ stage: String = "fetch") -> AppliedReceipt {
      receipt(run, stage, "i1", "start", "gone", reason: "unchanged")
    }
    let new = [
      receipt("r1", "fetch", "i1", "start"), receipt("r1", "index", "o", "start", generation: 1),
    ]
    #expect(try await run("r1", 1, new) == 0)
    #expect(try await run("r2", 10, [same("r2")]) == 1)
    #expect(
      try await run(
        "r3", 20,
        [
          receipt("r3", "fetch", "i1", "start"), same("r3", "extract"),
          receipt("r3", "fetch", "i2", "d2", "gone", reason: "robots", uri: "http://a/2"),
        ]) == 2)
    #expect(
      try await run(
        "r4", 30,
        [
          same("r4"),
          receipt("r4", "fetch", "i2", "d2", "failed", reason: "http_503", uri: "http://a/2"),
        ])
        == 0)
    #expect(try await run("r5", 40, [same("r5")]) == 1)
    #expect(
      try await run(
        "r6", 50,
        [
          same("r6"), receipt("r6", "fetch", "i3", "d3", uri: "http://a/3"),
          receipt("r6", "index", "o", "d3", generation: 2),
        ]) == 0)
  }

  @Test func `when a page was read is known from what was asked, in whatever order it is told`()
    async throws
  {
    try await begin("r1", at: 1)
    func asked(_ item: String, _ outcome: String, _ reason: String?, _ at: Int?) -> AppliedReceipt {
      AppliedReceipt(
        run: "r1", stage: "fetch", item: item, outcome: "done", tries: 0, reason: nil, due: nil,
        message: nil, outputs: [],
        documents: [
          .init(
            id: "start", outcome: outcome, reason: reason, message: nil, title: nil, pages: 0,
            chunks: 0, tokens: 0,
            found: .init(
              source: "s1", uri: nil, leadsTo: nil, status: 200, depth: 0, etag: nil,
              lastModified: nil, content: nil, tries: nil, due: nil, asked: at))
        ], generation: nil, at: 99)
    }
    for receipt in [
      asked("i2", "done", nil, 70), asked("i1", "gone", "unchanged", 50),
      asked("i3", "failed", "http_503", 90), asked("i4", "gone", "unchanged", nil),
    ] { try await database.apply([receipt]) }
    try await database.apply([receipt("r1", "index", "o", "start", generation: 1)])
    #expect(try await database.knownDocuments(of: chatbot).map(\.readAt) == [70])
  }

  @Test func `a part of a crawl that came to nothing is counted until it goes on`() async throws {
    try await begin("r1", at: 1)
    func slice(_ outcome: String, tries: Int) -> AppliedReceipt {
      AppliedReceipt(
        run: "r1", stage: "fetch", item: "slice", outcome: outcome, tries: tries,
        reason: outcome == "failed" ? "crashed" : nil, due: nil, message: nil, outputs: [],
        documents: outcome == "failed"
          ? [
            .init(
              id: "", outcome: outcome, reason: "crashed", message: nil, title: nil, pages: 0,
              chunks: 0, tokens: 0)
          ] : [], generation: nil, at: 5)
    }
    try await database.apply([slice("failed", tries: 3)])
    #expect(try await database.counts(of: RunID(unchecked: "r1")) == ["crawl_broken": 1])
    #expect(try await rows() == ["http://a/ queued - -"])
    try await database.apply([slice("done", tries: 4)])
    #expect(try await database.counts(of: RunID(unchecked: "r1")).isEmpty)
  }
}
