import Corpus
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct ReceiptTests {
  let folder: TemporaryFolder
  let database: AppDatabase
  let run = RunID(unchecked: "run1")
  let chatbot = ChatbotID(unchecked: "bot1")

  init() async throws {
    folder = try TemporaryFolder()
    database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    _ = try await database.ensureChatbot(slug: "handbook", id: chatbot, now: 1)
    let source = Source(
      source: SourceID(unchecked: "s1"), document: DocumentID(unchecked: "d1"),
      location: .file(path: "/a.txt"), name: "a.txt")
    try await database.beginRun(
      run, of: chatbot, sources: [SourceRequest(source: source, visibility: .learnOnly)],
      items: [("first", [1, 2, 3])], now: 1)
  }

  func receipt(
    _ stage: String, _ item: String, _ outcome: String = "done", tries: Int = 0,
    outputs: [(stage: String, item: String)] = [], document: String? = nil, reason: String? = nil,
    generation: Int? = nil, at: Int = 1
  ) -> AppliedReceipt {
    AppliedReceipt(
      run: "run1", stage: stage, item: item, outcome: outcome, tries: tries, reason: reason,
      due: nil, message: nil, outputs: outputs,
      documents: [
        .init(
          id: "d1", outcome: document ?? outcome, reason: reason, message: nil, title: nil,
          pages: stage == "extract" ? 2 : 0, chunks: stage == "chunk" ? 5 : 0,
          tokens: stage == "chunk" ? 50 : 0)
      ], generation: generation, at: at)
  }

  var chain: [AppliedReceipt] {
    [
      receipt("fetch", "first", outputs: [("extract", "e")]),
      receipt("extract", "e", outputs: [("chunk", "c")]),
      receipt("chunk", "c", outputs: [("embed", "m")]),
      receipt("embed", "m", "retry", tries: 1, reason: "embedding"),
      receipt("embed", "m", tries: 1, outputs: [("index", "i")]),
      receipt("index", "i"),
    ]
  }

  func state() async throws -> [String] {
    let document = try #require(try await database.documents(of: run).first)
    let progress = try await database.progress(of: run)
    return [
      document.state, document.stage, "\(document.pages) \(document.chunks) \(document.tokens)",
      "\(progress.openItems)",
    ]
  }

  @Test func `receipts lead a document from queued to live`() async throws {
    #expect(try await state() == ["queued", "fetch", "0 0 0", "1"])
    try await database.apply(chain)
    #expect(try await state() == ["embedded", "index", "2 5 50", "0"])
    #expect(try await database.addOrder(run, item: "o", content: [9], now: 1))
    #expect(try await database.progress(of: run).openItems == 1)
    try await database.apply([receipt("index", "o", generation: 4)])
    #expect(try await state() == ["live", "index", "2 5 50", "0"])
    #expect(try await database.progress(of: run).generation == 4)
    #expect(try await database.addOrder(run, item: "o", content: [9], now: 1) == false)
  }

  @Test(arguments: 0..<20)
  func `any order and any repeat gives the same rows`(seed: Int) async throws {
    var generator = SplitMix(state: UInt64(seed))
    let shuffled = (chain + chain).shuffled(using: &generator)
    for receipt in shuffled { try await database.apply([receipt]) }
    #expect(try await state() == ["embedded", "index", "2 5 50", "0"])
  }

  @Test func `what passed each stage is counted once however often it is told`() async throws {
    try await database.apply(chain + chain)
    let passed = try await database.progress(of: run).passed
    #expect(passed["chunk"]?.chunks == 5 && passed["chunk"]?.tokens == 50)
    #expect(passed["fetch"]?.documents == 1)
  }

  @Test func `many that open a new database at once all can`() async throws {
    let path = folder.path + "/new.sqlite"
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          let database = try AppDatabase(path: path)
          _ = try await database.ensureChatbot(
            slug: "bot-\(number)", id: ChatbotID(unchecked: "id\(number)"), now: 1)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await AppDatabase(path: path).chatbots().count == 8)
  }

  @Test(arguments: [false, true])
  func `a void retry does not hold back what was done after all`(isLate: Bool) async throws {
    // Published, then a sync failed behind it: the item went back untried and came through.
    let void = receipt("extract", "e", "retry", tries: 1, reason: "error")
    let done = [chain[0], chain[1], chain[2], chain[4], chain[5]]
    try await database.apply(isLate ? done + [void] : [chain[0], void] + done.dropFirst())
    #expect(try await state() == ["embedded", "index", "2 5 50", "0"])
  }

  @Test(arguments: [false, true])
  func `an item cut up after a void retry lets its documents go on`(isLate: Bool) async throws {
    let void = receipt("extract", "e", "retry", tries: 1, reason: "memory")
    let split = AppliedReceipt(
      run: "run1", stage: "extract", item: "e", outcome: "done", tries: 1, reason: nil, due: nil,
      message: nil, outputs: [("extract", "e1")], documents: [], generation: nil, at: 2)
    let rest = [
      split, receipt("extract", "e1", tries: 1, outputs: [("chunk", "c")]), chain[2], chain[4],
      chain[5],
    ]
    try await database.apply([chain[0]] + (isLate ? rest + [void] : [void] + rest))
    #expect(try await state() == ["embedded", "index", "2 5 50", "0"])
  }

  @Test func `an end with a reason stays an end`() async throws {
    try await database.apply([
      receipt("fetch", "first", document: "gone", reason: "http_404")
    ])
    let document = try #require(try await database.documents(of: run).first)
    #expect(document.state == "ended" && document.reason == "http_404")
    #expect(try await database.progress(of: run).isOver)
  }

  @Test func `a damaged item's receipt finds its run by the item's name`() async throws {
    let lost = AppliedReceipt(
      run: "", stage: "fetch", item: "first", outcome: "failed", tries: 1, reason: "damaged",
      due: nil, message: nil, outputs: [], documents: [], generation: nil, at: 1)
    try await database.apply([lost])
    #expect(try await database.progress(of: run).isOver)
  }

  @Test func `first items are published again until they are marked`() async throws {
    #expect(try await database.unpublishedItems().map(\.content) == [[1, 2, 3]])
    try await database.markPublished(run, now: 2)
    #expect(try await database.unpublishedItems().isEmpty)
  }

  @Test func `the flag is read from the row`() async throws {
    #expect(
      try await database.visibilities(of: chatbot) == [SourceID(unchecked: "s1"): .learnOnly])
    #expect(try await database.visibilities(of: ChatbotID(unchecked: "other")).isEmpty)
  }

  @Test func `every commit is synced`() async throws {
    // man 2 fdatasync before a commit returns: 2 is FULL, https://sqlite.org/pragma.html#pragma_synchronous.
    let level = try await database.pool.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    #expect(level == 2)
  }

  @Test func `a name that is no slug is refused`() async throws {
    for name in ["", "A", "a b", "../x", String(repeating: "a", count: 65)] {
      await #expect(throws: StorageError.self) {
        try await database.ensureChatbot(slug: name, id: ChatbotID(unchecked: "x"), now: 1)
      }
    }
  }

  /// Every order of a document's receipts, held and released and failed on the way, gives the same rows.
  @Test func `any order and any repeat of receipts gives the same rows`() async throws {
    let receipts =
      chain.dropLast(2) + [
        receipt("embed", "m", "held", tries: 1, at: 5),
        receipt("embed", "m", "released", tries: 1, at: 6),
        receipt("embed", "m", "failed", tries: 5, reason: "embedding", at: 7),
        receipt("embed", "m", "retry", tries: 6, at: 8),
        receipt("embed", "m", tries: 6, outputs: [("index", "i")], at: 9),
        receipt("index", "i", at: 10),
      ]
    var random = SplitMix(state: 7)
    for _ in 0..<60 {
      let other = try await ReceiptTests()
      var shuffled = (receipts + receipts.prefix(3)).shuffled(using: &random)
      while !shuffled.isEmpty {
        let count = Int.random(in: 1...shuffled.count, using: &random)
        try await other.database.apply(Array(shuffled.prefix(count)))
        shuffled.removeFirst(count)
      }
      #expect(try await other.state() == ["embedded", "index", "2 5 50", "0"])
    }
  }

  @Test func `a held item shows, holds its run open and goes on when released`() async throws {
    try await database.apply([receipt("fetch", "first", "held", at: 2)])
    #expect(try await state() == ["held", "fetch", "0 0 0", "1"])
    #expect(try await database.progress(of: run).onlyWaits)
    try await database.apply([receipt("fetch", "first", "released", at: 3)])
    #expect(try await state() == ["queued", "fetch", "0 0 0", "1"])
    #expect(try await !database.progress(of: run).onlyWaits)
  }

  @Test func `a failed item that a person sets going again opens its run again`() async throws {
    try await database.apply([receipt("fetch", "first", "failed", tries: 5, reason: "http_503")])
    #expect(try await state() == ["ended", "fetch", "0 0 0", "0"])
    try await database.finishRun(run, state: "failed", now: 3)
    #expect(try await database.isFinished(run))
    try await database.apply([receipt("fetch", "first", "retry", tries: 6, at: 4)])
    #expect(try await state() == ["waiting", "fetch", "0 0 0", "1"])
    #expect(try await !database.isFinished(run))
  }

  @Test func `a generation that is held back makes nothing live and is found again`() async throws {
    try await database.apply(chain)
    let held = AppliedReceipt(
      run: "run1", stage: "index", item: "o", outcome: "done", tries: 0, reason: nil, due: nil,
      message: "9 of 10 documents would go.", outputs: [], documents: [], generation: nil,
      heldGeneration: 2, at: 5)
    try await database.apply([held])
    let progress = try await database.progress(of: run)
    #expect(progress.state == "held" && progress.heldGeneration == 2)
    #expect(progress.heldReason == "9 of 10 documents would go.")
    #expect(try await database.heldRun(of: chatbot, generation: 2)?.id == run)
    #expect(try await database.openRuns().isEmpty)
    #expect(try await state().first == "embedded")
  }

  @Test func `going back takes the documents of other runs along`() async throws {
    try await database.apply(chain)
    try await database.apply([receipt("index", "o", generation: 4, at: 5)])
    let back = RunID(unchecked: "run2")
    try await database.beginRollback(back, of: chatbot, now: 9)
    let gone = AppliedReceipt(
      run: "run2", stage: "index", item: "p", outcome: "done", tries: 0, reason: nil, due: nil,
      message: nil, outputs: [],
      documents: [
        .init(
          id: "d1", outcome: "gone", reason: "rolled_back", message: nil, title: nil, pages: 0,
          chunks: 0, tokens: 0)
      ], generation: 3, at: 10)
    try await database.apply([gone])
    let document = try #require(try await database.documents(of: chatbot).first)
    #expect(document.state == "ended" && document.reason == "rolled_back")
    #expect(document.generation == nil)
    #expect(try await database.generation(of: chatbot) == 3)
  }

  @Test func `a source is what its documents are`() async throws {
    #expect(try await database.sourceStates(of: chatbot).map(\.status) == ["pending"])
    try await database.apply([receipt("fetch", "first")])
    #expect(try await database.sourceStates(of: chatbot).map(\.status) == ["processing"])
    try await database.apply([receipt("extract", "e", document: "gone", reason: "no_text")])
    let failed = try await database.sourceStates(of: chatbot)
    #expect(failed.map(\.status) == ["failed"] && failed.map(\.reason) == ["no_text"])
    try await database.apply([receipt("index", "o", generation: 1)])
    #expect(try await database.sourceStates(of: chatbot).map(\.status) == ["ready"])
  }
}

/// A generator with a seed: the same shuffles every time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
