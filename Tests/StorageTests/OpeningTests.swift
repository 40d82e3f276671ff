// A question whose answer is known: counted and noted with it in one turn of the one writer when that is idle, read elsewhere when not.

import Corpus
import Dispatch
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct OpeningTests {
  private let folder: TemporaryFolder
  private let database: AppDatabase

  init() async throws {
    folder = try TemporaryFolder()
    database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    _ = try await database.ensureChatbot(
      slug: "bot", id: ChatbotID(unchecked: "bot"), now: 1)
  }

  private func ask(
    _ number: Int, limit: Int = 1000, known: (@Sendable (ChatProspect) -> KnownAnswer<String>?)?
  ) async throws -> ChatOpening<String>? {
    try await database.opening(
      of: "bot", turns: 3,
      { target in
        ChatAdmission(
          chatbot: target.chatbot.id, owner: nil, session: "session", channel: "api", origin: nil,
          question: "How high?", conversationID: "c", messageID: "m\(number)1", quota: .max,
          periodStart: 0, periodEnd: 1 << 50, dailyCap: nil,
          limits: [RateLimit("key", limit, per: 60_000)], now: 1000)
      }, known: known)
  }

  private func messages() async throws -> Int {
    try await database.pool.read { try $0.number("SELECT count(*) FROM messages") }
  }

  private static func answer(_ number: Int) -> KnownAnswer<String> {
    KnownAnswer("31 metres") { conversation in
      NewAnswer(
        id: "m\(number)2", conversation: conversation, chatbot: ChatbotID(unchecked: "bot"),
        content: "31 metres", answered: true, mode: "quoted", milliseconds: 1, citations: [],
        now: 1001)
    }
  }

  @Test func `a known answer is noted with its question, and an unknown one leaves no trace`()
    async throws
  {
    guard case .read(let prospect)? = try await ask(1, known: { _ in nil }) else {
      Issue.record("it was not read")
      return
    }
    #expect(prospect.past.isEmpty)
    #expect(try await messages() == 0)
    guard
      case .noted(_, "31 metres", .admitted("c"))? = try await ask(
        2, known: { _ in Self.answer(2) })
    else {
      Issue.record("it was not noted")
      return
    }
    #expect(try await messages() == 2)
    // The next one finds it.
    guard case .noted(let next, _, _)? = try await ask(3, known: { _ in Self.answer(3) }) else {
      Issue.record("it was not noted")
      return
    }
    #expect(next.past.map(\.answer) == ["31 metres"])
    guard
      case nil = try await database.opening(
        of: "nobody", turns: 3, { _ in throw CancellationError() },
        known: { (_: ChatProspect) -> KnownAnswer<String>? in nil })
    else {
      Issue.record("there is no such chatbot")
      return
    }
  }

  @Test
  func `one that the limits refuse is not answered, and a refusal by its asker takes nothing`()
    async throws
  {
    let asked = Mutex(0)
    let known: @Sendable (ChatProspect) -> KnownAnswer<String>? = { _ in
      asked.withLock { $0 += 1 }
      return Self.answer(1)
    }
    _ = try await ask(1, limit: 1, known: known)
    guard case .read(let prospect)? = try await ask(2, limit: 1, known: known) else {
      Issue.record("it was answered")
      return
    }
    #expect(!prospect.isAdmissible && asked.withLock { $0 } == 1)
    await #expect(throws: StorageError.self) {
      _ = try await database.opening(
        of: "bot", turns: 3, { _ in throw StorageError.overloaded }, known: known)
    }
    #expect(try await messages() == 2)
  }

  @Test func `while the writer is at work a question is read elsewhere`() async throws {
    let (began, go) = (DispatchedSignal(), DispatchedSignal())
    async let busy: Void = database.changes.write { _ in
      began.raise()
      go.wait()
    }
    await began.raised()
    guard case .read? = try await ask(1, known: { _ in Self.answer(1) }) else {
      Issue.record("it waited for the writer")
      return
    }
    go.raise()
    try await busy
    guard case .noted? = try await ask(2, known: { _ in Self.answer(2) }) else {
      Issue.record("the writer was idle")
      return
    }
  }
}

/// Something that happens once, on whatever thread.
private final class DispatchedSignal: Sendable {
  private let state = Mutex((isRaised: false, waiters: [CheckedContinuation<Void, Never>]()))

  func raise() {
    let waiters = state.withLock { state in
      state.isRaised = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func raised() async {
    await withCheckedContinuation { continuation in
      let isRaised = state.withLock { state in
        if !state.isRaised { state.waiters.append(continuation) }
        return state.isRaised
      }
      if isRaised { continuation.resume() }
    }
  }

  /// Holds a thread of the writer's, not of the cooperative pool.
  func wait() {
    let semaphore = DispatchSemaphore(value: 0)
    Task {
      await raised()
      semaphore.signal()
    }
    semaphore.wait()
  }
}
