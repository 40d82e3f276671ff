import Corpus
import Spool
import Storage
import TestSupport
import Testing

@testable import App

@Suite struct JanitorTests {
  let folder: TemporaryFolder
  let database: AppDatabase
  let chatbot = ChatbotID(unchecked: "bot1")
  var spool: String { folder.path + "/spool" }
  var janitor: Janitor { Janitor(spool: spool, database: database) }
  var fetch: SpoolDirectory { SpoolDirectory(spool: spool, stage: "fetch") }

  init() async throws {
    folder = try TemporaryFolder()
    database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    _ = try await database.ensureChatbot(slug: "handbook", id: chatbot, now: 1)
  }

  func begin() async throws -> RunID {
    let source = Training.source(.file(path: "/a.txt"), name: "a.txt", of: chatbot)
    let training = Training(spool: spool, database: database)
    return try await training.begin(
      [SourceRequest(source: source, visibility: .citable)], of: chatbot)
  }

  func item(run: String) throws -> [UInt8] {
    let envelope = Envelope(
      schema: RecordSchema.source, lane: "bot1", run: run, scope: "s", born: 1_700_000_000_000,
      madeBy: "test/1", from: [], recordCount: 0)
    return try ItemContent.encode(envelope, records: [Array("{}".utf8)])
  }

  @Test func `a run whose items stand in the spool is clean`() async throws {
    _ = try await begin()
    #expect(try await janitor.run().isClean)
    #expect(try await database.openItems().count == 1)
  }

  @Test func `an item that stands nowhere is closed and its document is told so`() async throws {
    let run = try await begin()
    for name in try fetch.items(.incoming) {
      try DurableFile.remove(fetch.file(.incoming, name.fileName))
    }
    #expect(try await janitor.run().lostItems == 1)
    try await Training(spool: spool, database: database).advance()
    #expect(try await database.documents(of: run).map(\.state) == ["ended"])
    #expect(try await database.isFinished(run))
    #expect(try await janitor.run().isClean)
  }

  @Test func `an item in any state of its stage is not lost`() async throws {
    _ = try await begin()
    let name = try #require(try fetch.items(.incoming).first)
    for state in [SpoolState.active, .deferred, .hold, .failed] {
      let source = fetch.file(.incoming, name.fileName)
      let target = fetch.file(state, name.fileName)
      #expect(try DurableFile.rename(source, to: target))
      #expect(try await janitor.run().lostItems == 0, "\(state)")
      #expect(try DurableFile.rename(target, to: source))
    }
  }

  @Test func `an item of a known run that nobody named is adopted`() async throws {
    let run = try await begin()
    try fetch.publish(try item(run: run.text), lane: "bot1", due: 1)
    #expect(try await janitor.run().adoptedItems == 1)
    #expect(try await database.openItems().count == 2)
    #expect(try await janitor.run().isClean)
  }

  @Test func `an item of no run is set aside where a person sees it`() async throws {
    try fetch.publish(try item(run: "nobody"), lane: "bot1", due: 1)
    #expect(try await janitor.run().orphanItems == 1)
    #expect(try fetch.items(.incoming).isEmpty)
    #expect(try fetch.items(.failed).map(\.reason) == ["orphan"])
  }

  @Test func `rows whose items were never published are published`() async throws {
    let run = RunID(unchecked: "run1")
    let content = try item(run: "run1")
    try await database.beginRun(
      run, of: chatbot, sources: [], items: [(SpoolDirectory.id(of: content), content)], now: 1)
    #expect(try await janitor.run().lostItems == 0)
    #expect(try fetch.items(.incoming).count == 1)
  }

  @Test func `an item that is silent for too long is stuck, a held one is not`() async throws {
    let run = RunID(unchecked: "run1")
    let content = try item(run: "run1")
    let id = SpoolDirectory.id(of: content)
    // Named in 1970: silent ever since.
    try await database.beginRun(run, of: chatbot, sources: [], items: [(id, content)], now: 1)
    #expect(try await janitor.run().stuckItems == 1)
    let held = AppliedReceipt(
      run: "run1", stage: "fetch", item: id, outcome: "held", tries: 0, reason: nil, due: nil,
      message: nil, outputs: [], documents: [], generation: nil, at: 2)
    try await database.apply([held])
    #expect(try await janitor.run().stuckItems == 0)
  }
}
