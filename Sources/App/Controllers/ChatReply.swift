// One answer on its way: what it may be made from, as JSON or as events, and what is noted of it.
//
// Encodes released text and citations only. Ends the answerer's work when the visitor leaves, and when a source that it began
// with has become private meanwhile.

import Answering
import Billing
import Corpus
import FoundationEssentials
import Hummingbird
import Logging
import NIOCore
import Spool
import Storage
import Synchronization

/// One answer of a chat.
struct ChatReply: Sendable {
  /// Earlier questions that an answer may go on from.
  static let turns = 6
  /// How often a stream is looked after, and how many looks lie between two pings.
  private static let look = Duration.seconds(1)
  private static let looksPerPing = 15
  /// How old the flags may be under which a piece of text is let out; they are read again before it.
  private static let flagAge = Duration.milliseconds(500)

  let controller: ChatController
  let prospect: ChatProspect
  let conversation: String
  let id: String
  let started: ContinuousClock.Instant
  let context: AppRequestContext
  /// What the visitor calls the request.
  ///
  /// An answer to a named one is made to its end, whoever leaves: it will be asked for again.
  let name: NamedRequest?
  /// Model tokens that it may still take.
  let reserved: TokenReservations.Share

  private var database: AppDatabase { controller.database }
  private var target: ChatTarget { prospect.target }
  private var admission: ChatAdmission { prospect.admission }

  // MARK: What it is made from

  private func request() async throws -> AnswerRequest {
    var request = plainRequest()
    guard controller.hasModel else { return request }
    request.visitorFacts =
      try await database.provenContact(of: target.chatbot.id, session: admission.session)?.lines
      ?? []
    request.meter = UsageMeter { tokens in
      do {
        return try await allowance.take(tokens)
      } catch {
        context.logger.error("tokens", metadata: ["error": "\(error)"])
        return false
      }
    }
    return request
  }

  /// Without what only a language model is told, and without what it may cost.
  private func plainRequest() -> AnswerRequest {
    let settings = target.chatbot.settings
    var request = AnswerRequest(
      question: admission.question, chatbot: target.chatbot.id, chatbotName: target.chatbot.name,
      visibilities: target.visibilities, noAnswerText: settings.noAnswerText)
    request.mode = PrivacyMode(rawValue: settings.privacyMode) ?? .strict
    request.guidance = target.guidance
    request.history = turns(request.guidance)
    return request
  }

  /// The last turns; of an answer only what a sealed prompt may hold (PRIVACY.md, "Earlier turns").
  ///
  /// Not when it was blended, when something it rests on is private by now, or when it was written from guidance that the owner
  /// has taken back or changed.
  private func turns(_ guidance: [String]) -> [AnswerRequest.Turn] {
    let guidance = Self.digest(of: guidance)
    return prospect.past.map { turn in
      let isOpen =
        ["quoted", "model", "fixed"].contains(turn.mode)
        && turn.promptSources.allSatisfy { target.visibilities[$0] == .citable }
        && (turn.guidanceDigest == nil || turn.guidanceDigest == guidance)
      return AnswerRequest.Turn(
        question: turn.question, answer: isOpen ? turn.answer : nil, sources: turn.promptSources)
    }
  }

  private static func digest(of guidance: [String]) -> String? {
    guidance.isEmpty ? nil : SHA256Digest(of: guidance.joined(separator: "\n")).shortName
  }

  private var allowance: TokenAllowance {
    TokenAllowance(
      database: database, chatbot: target.chatbot.id, owner: target.owner?.id,
      chatbotCap: target.chatbot.settings.monthlyTokenCap,
      ownerCap: target.owner?.tier.limits.modelTokensPerPeriod,
      period: admission.periodStart..<max(admission.periodStart, admission.periodEnd),
      reserved: reserved)
  }

  // MARK: Whole

  /// The answer without a language model, before anything is counted.
  func quoted() async throws -> QuotedReply {
    do {
      let request = try await request()
      let answer = try await controller.answerer.wholeAnswer(request)
      return quoted(answer, try await open(answer.sources), request)
    } catch {
      throw failed(error)
    }
  }

  /// The same where it takes no search: an answer that was given to the same question before; nil when there is none.
  func known() -> QuotedReply? {
    let request = plainRequest()
    return controller.answerer.known(request).map { quoted($0, $0.sources, request) }
  }

  private func quoted(
    _ answer: Answering.Answer, _ sources: [Citation], _ request: AnswerRequest
  ) -> QuotedReply {
    // Put into words here, not in the turn of the writer that many share.
    let record = record(answer.message, answer, sources, request)
    return QuotedReply(answer: answer, sources: sources, id: id) { [id, name] conversation in
      var record = record
      record.conversation = conversation
      record.end = name.map { KeptAnswer(message: id, conversation: conversation).end($0) }
      return record
    }
  }

  /// Says in the log why there is no answer, and to the visitor that there is none at present.
  private func failed(_ error: any Error) -> AppError {
    context.logger.error("answer failed", metadata: ["error": "\(error)"])
    return AppError.busy(retryAfterSeconds: 5)
  }

  func whole() async throws -> Response {
    var request: AnswerRequest?
    do {
      let asked = try await self.request()
      request = asked
      let answer = try await watched(asked)
      let sources = try await open(answer.sources)
      try await note(answer.message, answer, sources, asked)
      return Answer.json(
        ChatAnswer(
          message_id: id, conversation_id: conversation, message: answer.message,
          answered: answer.answered, limited: false, sources: sources))
    } catch is EventStream.Gone {
      // What it has cost stands, and so does the message: whoever leaves again and again has asked as often. Nobody reads this
      // answer, and a visitor who leaves is no fault for the log.
      if let request { try await note("", nil, [], request) }
      throw AppError.busy(retryAfterSeconds: 5)
    } catch {
      // Nothing was shown of it; what it has cost stands.
      if let request { try await note("", nil, [], request) }
      try await database.giveBack(admission)
      throw failed(error)
    }
  }

  /// The answer, ended when nobody waits for it any more or when what it is made from has been changed.
  private func watched(_ request: AnswerRequest) async throws -> Answering.Answer {
    var guardian = Guardian(self)
    for try await step in steps(request) {
      switch step {
      case .event(.done(let answer)):
        try await guardian.release()
        return answer
      case .event: break
      case .look: _ = try await guardian.look()
      }
    }
    throw CancellationError()
  }

  // MARK: Streamed

  /// A step of a stream: something to send, or a moment to look whether anybody still reads.
  private enum Step: Sendable {
    case event(AnswerEvent)
    case look
  }

  /// Why a stream ends before its answer.
  private enum Cut: Error { case flagsChanged }

  func events() -> Response {
    EventStream.response { writer in
      var writer = Reader(writer, mayLeave: name != nil)
      var text = ""
      var isNoted = false
      var request: AnswerRequest?
      do {
        try await writer.retry(milliseconds: 3000)
        try await writer.send("start", ["message_id": id, "conversation_id": conversation])
        let asked = try await self.request()
        request = asked
        var guardian = Guardian(self)
        for try await step in steps(asked) {
          switch step {
          case .event(.delta(let piece)):
            try await guardian.release()
            text += piece
            try await writer.send("delta", ["text": piece])
          case .event(.sources): break
          case .event(.done(let answer)):
            let sources = try await open(answer.sources)
            try await writer.send("sources", ["sources": sources])
            // Noted first: who asks for the history on seeing `done` finds it.
            try await note(text, answer, sources, asked)
            isNoted = true
            try await writer.send("done", ["answered": answer.answered, "limited": false])
          case .look:
            if try await guardian.look() { try await writer.ping() }
          }
        }
      } catch let error as EventStream.Gone {
        // What the visitor has read stands in the history, and what it has cost is counted.
        if !isNoted, let request { try await note(text, nil, [], request) }
        try await forget()
        throw error
      } catch {
        let refusal = failed(error)
        if let request { try await note(text, nil, [], request) }
        if text.isEmpty { try await database.giveBack(admission) }
        try await forget()
        try await writer.send("error", refusal.problem(requestID: context.id))
      }
    }
  }

  /// Who reads a stream, and may leave before its end.
  private struct Reader {
    private var writer: EventStream.Writer
    private let mayLeave: Bool
    private var hasLeft = false

    init(_ writer: EventStream.Writer, mayLeave: Bool) {
      self.writer = writer
      self.mayLeave = mayLeave
    }

    mutating func send(_ name: String, _ payload: some Encodable) async throws {
      try await write { try await $0.send(name, payload) }
    }

    mutating func ping() async throws { try await write { try await $0.ping() } }

    mutating func retry(milliseconds: Int) async throws {
      try await write { try await $0.retry(milliseconds: milliseconds) }
    }

    private mutating func write(
      _ event: (inout EventStream.Writer) async throws -> Void
    ) async throws {
      guard !hasLeft else { return }
      do {
        try await event(&writer)
      } catch is EventStream.Gone where mayLeave {
        hasLeft = true
      }
    }
  }

  /// Looks once a second whether an answer is still wanted and still allowed, and before text is let out.
  private struct Guardian {
    private let reply: ChatReply
    private let watch: ConnectionWatch
    private var looks = 0
    /// The flags that the answer is made from are no older.
    private var checked: ContinuousClock.Instant

    init(_ reply: ChatReply) {
      self.reply = reply
      checked = reply.started
      watch = ConnectionWatch(reply.context.channel)
    }

    /// - Returns: whether it is time for a ping.
    /// - Throws: `EventStream.Gone` when nobody reads any more, `Cut` when what the answer is made from has been changed.
    mutating func look() async throws -> Bool {
      if watch.isClosed, reply.name == nil { throw EventStream.Gone() }
      looks += 1
      try await release()
      return looks % ChatReply.looksPerPing == 0
    }

    /// - Throws: `Cut` when what the answer is made from has been changed.
    mutating func release() async throws {
      guard ContinuousClock.now - checked > ChatReply.flagAge else { return }
      try await reply.checkFlags()
      checked = .now
    }
  }

  /// The answer's events with a look in between every second; dropping the stream stops the answerer.
  private func steps(_ request: AnswerRequest) -> AsyncThrowingStream<Step, any Error> {
    let (stream, continuation) = AsyncThrowingStream<Step, any Error>.makeStream()
    let events = controller.answerer.answer(request)
    let forward = Task {
      do {
        for try await event in events { continuation.yield(.event(event)) }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    let looks = Task {
      while !Task.isCancelled {
        // Ends by being cancelled with the stream.
        try? await Task.sleep(for: Self.look)
        continuation.yield(.look)
      }
    }
    continuation.onTermination = { _ in
      forward.cancel()
      looks.cancel()
    }
    return stream
  }

  /// Ends an answer whose sources are not all citable any more or are gone, whose lines the owner has taken back, or whose
  /// chatbot has become stricter.
  private func checkFlags() async throws {
    guard let now = try await database.chatTarget(target.chatbot.id.text) else {
      throw Cut.flagsChanged
    }
    let mode = target.chatbot.settings.privacyMode
    let isSame = target.visibilities.allSatisfy { source, visibility in
      switch visibility {
      case .citable: now.visibilities[source] == .citable
      case .learnOnly: mode == PrivacyMode.strict.rawValue || now.visibilities[source] != nil
      }
    }
    guard isSame, target.guidance.allSatisfy(now.guidance.contains),
      now.chatbot.settings.privacyMode == mode
    else {
      throw Cut.flagsChanged
    }
  }

  // MARK: What is noted

  /// Lets the question be asked anew under its name, unless its answer is there.
  private func forget() async throws {
    if let name { try await database.forgetRequest(name) }
  }

  /// Citations that may be shown at this moment: an answer may have taken long enough for a flag to change.
  private func open(_ sources: [Citation]) async throws -> [Citation] {
    guard !sources.isEmpty, ContinuousClock.now - started > Self.look else { return sources }
    let now = try await database.visibilities(of: target.chatbot.id)
    return sources.filter { now[$0.sourceID] == .citable }
  }

  /// - Parameter answer: nil when it broke off.
  private func note(
    _ text: String, _ answer: Answering.Answer?, _ citations: [Citation], _ request: AnswerRequest
  ) async throws {
    defer { reserved.release() }
    try await database.add(record(text, answer, citations, request))
  }

  private func record(
    _ text: String, _ answer: Answering.Answer?, _ citations: [Citation], _ request: AnswerRequest
  ) -> NewAnswer {
    let took = (ContinuousClock.now - started).components
    func words() -> [String] {
      citations.map { String(decoding: JSONText.encode($0), as: UTF8.self) }
        + [answer.map(AnswerTraceShape.text) ?? "{}"]
    }
    // What may be shown can be fewer than what the answer has.
    let texts = citations.count == answer?.sources.count ? answer?.forms?.texts(words) : nil
    let said = texts ?? words()
    var record = NewAnswer(
      id: id, conversation: conversation, chatbot: target.chatbot.id, content: text,
      answered: answer?.answered ?? false, mode: answer?.origin.rawValue ?? "broken",
      milliseconds: Int(took.seconds) * 1000 + Int(took.attoseconds / 1_000_000_000_000_000),
      citations: zip(citations, said).map { citation, json in
        NewAnswer.Cited(
          n: citation.n, source: citation.sourceID, json: json, reference: citation.reference)
      }, now: admission.now + 1)
    record.owner = admission.owner
    record.periodStart = admission.periodStart
    record.tokensIn = request.meter.usage.promptTokens
    record.tokensOut = request.meter.usage.replyTokens
    if let answer {
      record.end = name.map { KeptAnswer(message: id, conversation: conversation).end($0) }
      record.generation = answer.generation
      record.model = answer.model
      // Of the owner's lines alone: what the visitor has told about themselves cannot be taken back from them.
      record.guidanceDigest = answer.guidance.isEmpty ? nil : Self.digest(of: request.guidance)
      record.gated = answer.gated
      record.promptSources = answer.promptSources
      record.trace = said.last ?? record.trace
    }
    return record
  }
}

/// Whether a connection has been closed.
private final class ConnectionWatch: Sendable {
  private let state = Mutex(false)

  init(_ channel: any Channel) {
    channel.closeFuture.whenComplete { [weak self] _ in self?.state.withLock { $0 = true } }
  }

  var isClosed: Bool { state.withLock { $0 } }
}
