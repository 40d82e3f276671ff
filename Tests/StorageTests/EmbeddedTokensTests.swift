import Corpus
import TestSupport
import Testing

@testable import Storage

extension AppDatabase {
  /// Applies receipts where it does not matter in which period their tokens are counted.
  func apply(_ receipts: [AppliedReceipt]) async throws {
    try await apply(receipts, period: { _, _ in 0..<1000 })
  }
}

/// Tokens that training has embedded, as an account's and a chatbot's use.
@Suite struct EmbeddedTokensTests {
  let folder: TemporaryFolder
  let database: AppDatabase
  let chatbot = ChatbotID(unchecked: "bot1")

  init() async throws {
    folder = try TemporaryFolder()
    database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    let user = NewUser(id: "ada", email: "ada@example.com", name: "", passwordHash: nil)
    _ = try await database.add(user, now: 1)
  }

  private func begin(_ chatbot: ChatbotID) async throws {
    let source = Source(
      source: SourceID(unchecked: "s1"), document: DocumentID(unchecked: "d1"),
      location: .file(path: "/a.txt"), name: "a.txt")
    try await database.beginRun(
      RunID(unchecked: "r1"), of: chatbot,
      sources: [SourceRequest(source: source, visibility: .citable)], items: [("first", [1])],
      now: 1)
  }

  private func receipt(
    _ stage: String, _ item: String, tokens: Int, outcome: String = "done", tries: Int = 0, at: Int
  ) -> AppliedReceipt {
    AppliedReceipt(
      run: "r1", stage: stage, item: item, outcome: outcome, tries: tries, reason: nil, due: nil,
      message: nil, outputs: [],
      documents: [
        .init(
          id: "d1", outcome: outcome, reason: nil, message: nil, title: nil, pages: 0, chunks: 3,
          tokens: tokens)
      ], generation: nil, at: at)
  }

  /// Tokens of the account in a period, and of its chatbots.
  private func counted(_ start: Int) async throws -> [Int] {
    let usage = try await database.usage(
      of: "ada", periodStart: start, periodEnd: start + 86_400_000)
    return [usage.tokens.embedded] + usage.shares.map(\.tokens.embedded)
  }

  @Test(arguments: 0..<10)
  func `each embedded token is counted once, in the period in which it was`(
    seed: Int
  ) async throws {
    _ = try await database.addChatbot(
      id: chatbot, owner: "ada", name: "A", description: "", slug: "a", limit: 9, now: 1)
    try await begin(chatbot)
    let day = 86_400_000
    let receipts = [
      receipt("chunk", "c", tokens: 70, at: 5), receipt("embed", "m1", tokens: 40, at: 6),
      receipt("embed", "m2", tokens: 30, outcome: "retry", tries: 1, at: 7),
      receipt("embed", "m2", tokens: 30, tries: 1, at: day + 8),
    ]
    var generator = SplitMix(state: UInt64(seed))
    for receipt in (receipts + receipts).shuffled(using: &generator) {
      try await database.apply([receipt]) { user, instant in
        #expect(user.id == "ada")
        return instant < day ? 0..<day : day..<2 * day
      }
    }
    #expect(try await counted(0) == [40, 40])
    #expect(try await counted(day) == [30, 30])
    #expect(try await database.embeddedChunks(of: chatbot) == ["d1": 6])
  }

  @Test func `chunks of an earlier text are no vectors of the present one`() async throws {
    _ = try await database.addChatbot(
      id: chatbot, owner: "ada", name: "A", description: "", slug: "a", limit: 9, now: 1)
    try await begin(chatbot)
    try await database.apply([
      receipt("chunk", "c", tokens: 70, at: 5), receipt("embed", "m", tokens: 70, at: 6),
    ])
    #expect(try await database.embeddedChunks(of: chatbot) == ["d1": 3])
    // Read again, cut anew, and refused before it had a vector.
    let source = Source(
      source: SourceID(unchecked: "s1"), document: DocumentID(unchecked: "d1"),
      location: .file(path: "/a.txt"), name: "a.txt")
    try await database.beginRun(
      RunID(unchecked: "r2"), of: chatbot,
      sources: [SourceRequest(source: source, visibility: .citable)], items: [("second", [1])],
      now: 10)
    let again = receipt("chunk", "c2", tokens: 80, at: 11)
    try await database.apply([
      AppliedReceipt(
        run: "r2", stage: "chunk", item: "c2", outcome: "done", tries: 0, reason: nil, due: nil,
        message: nil, outputs: [], documents: again.documents, generation: nil, at: 11)
    ])
    #expect(try await database.embeddedChunks(of: chatbot) == [:])
  }

  @Test func `a second try that finds its vectors in the cache takes nothing back`() async throws {
    _ = try await database.addChatbot(
      id: chatbot, owner: "ada", name: "A", description: "", slug: "a", limit: 9, now: 1)
    try await begin(chatbot)
    try await database.apply([receipt("embed", "m", tokens: 40, at: 6)])
    try await database.apply([receipt("embed", "m", tokens: 0, at: 9)])
    #expect(try await counted(0) == [40, 40])
  }

  @Test func `a paid period that ends within a day has that day in its cap`() async throws {
    let day = 86_400_000
    _ = try await database.addChatbot(
      id: chatbot, owner: "ada", name: "A", description: "", slug: "a", limit: 9, now: 1)
    let period = (day / 2)..<(31 * day + day / 2)
    for now in [day, 31 * day + 1] {
      try await database.note(
        TokenCounts(read: 60, written: 40), of: chatbot, owner: "ada", period: period, now: now)
    }
    // What comes later belongs to the next one alone.
    try await database.note(
      TokenCounts(read: 7, written: 0), of: chatbot, owner: "ada",
      period: period.upperBound..<(62 * day), now: 33 * day)
    let used = try await database.modelTokens(
      of: chatbot, owner: "ada", periodStart: period.lowerBound, periodEnd: period.upperBound)
    #expect(used.chatbot == 200 && used.owner == 200)
    let usage = try await database.usage(
      of: "ada", periodStart: period.lowerBound, periodEnd: period.upperBound)
    #expect(usage.shares.map(\.tokens.read) == [120])
  }

  @Test func `a chatbot without an owner is nobody's cost`() async throws {
    _ = try await database.ensureChatbot(slug: "handbook", id: chatbot, now: 1)
    try await begin(chatbot)
    try await database.apply([receipt("embed", "m", tokens: 40, at: 6)]) { _, _ in
      Issue.record("nobody's period was asked for")
      return 0..<1
    }
    #expect(try await counted(0) == [0])
  }
}
