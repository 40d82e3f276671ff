// The public chat: a session, a question in, an answer with citations out, as JSON or as server-sent events, and what a
// visitor may do with its own conversation.
//
// Encodes released text and citations only; a learn-only passage has no encoder, so it cannot be sent by mistake. A question
// to a language model is counted and noted before it is answered, and the answer when it has been given; a quoted answer is
// made first, and given once both are noted.

import Answering
import Billing
import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Spool
import Storage

/// `/api/chat/{chatbot_id}/…`.
struct ChatController: Sendable {
  /// Bytes of a visitor's message.
  static let messageLimit = 4 << 10
  /// Questions of one address that may be answered at once before they are counted.
  private static let uncounted = 4
  /// Seconds.
  static let tokenLifetime = 600
  static let resumeLifetime = 86_400
  static let busyText =
    "I cannot answer any more questions right now. Please come back later, or leave a message with the owner of this site."

  let database: AppDatabase
  let answerer: Answerer
  /// Whether a language model is set up.
  let hasModel: Bool
  let tokens: TokenSigner
  let mail: MailService
  let publicOrigin: String
  let reservations: TokenReservations
  private let quoting = OpenStreams(inAll: 4096)

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/chat/{chatbot_id}/", "What a visitor is shown before asking.",
        answers: [
          .json(
            200,
            .object([
              required("id", .id), required("name", .text), required("description", .text),
              required("welcome_text", .text), required("lead_form", Components.leadForm),
              required("suggested_questions", Components.suggestedQuestions),
            ]))
        ]), for: access.any, { call, _ in try await about(call) })
    routes.add(
      Route(
        .post, "/api/chat/{chatbot_id}/session/", "Begin a session, or go on with one.",
        body: .json(.object([optional("resume", .string(1...4096))])),
        answers: [
          .json(
            201,
            .object([
              required("token", .text), required("expires_in", .count),
              required("session_id", .string(36...36, .uuid)), required("resume", .text),
              required("resume_expires_in", .count),
            ]))
        ], problems: [.originNotAllowed], addressLimit: .hourly(30)),
      for: access.any, { call, _ in try await begin(call) })
    var question = Route(
      .post, "/api/chat/{chatbot_id}/", "Ask; `Accept: text/event-stream` streams the answer.",
      body: .json(.object([required("message", .string(1...Self.messageLimit, .filled))])),
      answers: [
        AnswerShape(
          status: 200, description: "The answer.",
          content: [
            "application/json": Schema.component("Answer"),
            "text/event-stream": Optional<Schema>.none,
          ])
      ], problems: [.wrongChatbot], isIdempotent: true)
    question.staysOnLoop = true
    routes.add(
      question,
      for: access.visitorOrOwner,
      again: { call, caller, kept in try await again(call, caller, kept) },
      { call, caller in try await ask(call, caller) })
    routes.add(
      Route(
        .get, "/api/chat/{chatbot_id}/history/", "The session's messages, oldest first.",
        query: Components.page,
        answers: [.json(200, Components.listing("Message"))], problems: [.wrongChatbot]),
      for: access.visitor, { call, visitor in try await history(call, visitor) })
    routes.add(
      Route(
        .post, "/api/chat/{chatbot_id}/feedback/", "Say whether an answer helped.",
        body: .json(
          .object([
            required("message_id", .id), required("value", .integer(-1...1)),
            optional("comment", .string(0...1000)),
          ])), answers: [.empty()], problems: [.wrongChatbot]),
      for: access.visitor, { call, visitor in try await feedback(call, visitor) })
    routes.add(
      Route(
        .delete, "/api/chat/{chatbot_id}/session/", "Forget the session's conversation.",
        answers: [.empty()], problems: [.wrongChatbot]),
      for: access.visitor,
      { _, visitor in
        try await database.removeConversation(
          session: visitor.session, of: ChatbotID(unchecked: visitor.chatbot))
        return Answer.empty
      })
  }

  /// A chatbot that visitors may talk to.
  private func publicChatbot(_ call: Call) async throws -> Chatbot {
    guard let chatbot = try await database.publicChatbot(try call.parameter("chatbot_id")) else {
      throw AppError.notFound
    }
    return chatbot
  }

  private func about(_ call: Call) async throws -> Response {
    struct About: Encodable {
      let id, name, description, welcome_text: String
      let lead_form, suggested_questions: RawJSON
    }
    let chatbot = try await publicChatbot(call)
    return Answer.json(
      About(
        id: chatbot.id.text, name: chatbot.name, description: chatbot.settings.description,
        welcome_text: chatbot.settings.welcomeText, lead_form: RawJSON(chatbot.settings.leadForm),
        suggested_questions: RawJSON(chatbot.settings.suggestedQuestions)))
  }

  // MARK: Sessions

  /// What a page that shows a chat holds.
  struct SessionTokens: Encodable, Sendable {
    let token: String
    let expires_in = ChatController.tokenLifetime
    let session_id: String
    let resume: String
    let resume_expires_in = ChatController.resumeLifetime
  }

  /// Tokens of a session.
  func sessionTokens(
    chatbot: ChatbotID, session: String, channel: String, now: Int
  ) -> SessionTokens {
    let claims = TokenClaims(subject: chatbot.text, session: session, channel: channel)
    return SessionTokens(
      token: tokens.sign(claims, as: .embed, lifetime: Self.tokenLifetime, now: now),
      session_id: session,
      resume: tokens.sign(claims, as: .resume, lifetime: Self.resumeLifetime, now: now))
  }

  private func begin(_ call: Call) async throws -> Response {
    let chatbot = try await publicChatbot(call)
    let origin = call.request.headers[ResponseHeaders.name("Origin")]
    if let origin, origin != publicOrigin, !chatbot.settings.allows(origin: origin) {
      throw AppError(.originNotAllowed)
    }
    var session = RandomText.uuid()
    var channel = "api"
    // A session that is over or another chatbot's is begun anew, without a word.
    if let resume = call.input.text("resume"),
      let claims = tokens.verify(resume, as: .resume, now: call.now),
      claims.subject == chatbot.id.text, let known = claims.session
    {
      session = known
      channel = claims.channel ?? channel
    }
    return Answer.json(
      sessionTokens(
        chatbot: chatbot.id, session: session, channel: channel, now: call.now), .created)
  }

  // MARK: Questions

  private func ask(_ call: Call, _ caller: ChatCaller) async throws -> Response {
    let question = call.input.text("message") ?? ""
    guard question.utf8.count <= Self.messageLimit else {
      throw AppError.tooLarge(limit: Self.messageLimit)
    }
    let id = try call.parameter("chatbot_id")
    var remembered: (@Sendable (ChatProspect) -> KnownAnswer<QuotedReply>?)?
    if !hasModel { remembered = { known(call, $0) } }
    let opening = try await database.opening(
      of: id, turns: ChatReply.turns,
      { try admission(call, caller, try Self.open($0), question: question) }, known: remembered)
    switch opening {
    case nil: throw AppError.notFound
    case .noted(let prospect, let known, let verdict):
      return try await answer(call, prospect, known, verdict)
    case .read(let prospect):
      if Self.isPaused(prospect) { return try await limited(call, prospect) }
      // Quoting takes a millisecond or two: question and answer are noted together, in one synced commit instead of two.
      let quoted = hasModel ? nil : try await quoted(call, prospect)
      let verdict = try await database.admit(prospect.admission, answered: quoted?.record)
      return try await answer(call, prospect, quoted, verdict)
    }
  }

  /// The answer to a question that was asked before; nil when it takes a search, or none is to be given.
  private func known(_ call: Call, _ prospect: ChatProspect) -> KnownAnswer<QuotedReply>? {
    guard !Self.isPaused(prospect) else { return nil }
    let reply = reply(call, prospect, prospect.admission.conversationID)
    return reply.known().map { KnownAnswer($0, record: $0.record) }
  }

  private static func isPaused(_ prospect: ChatProspect) -> Bool {
    PauseReason(older: prospect.target.older, tier: prospect.target.owner?.tier) != nil
  }

  /// - Parameter quoted: what was noted with the question, if it was admitted; nil for one that is to be answered now.
  private func answer(
    _ call: Call, _ prospect: ChatProspect, _ quoted: QuotedReply?, _ verdict: ChatVerdict
  ) async throws -> Response {
    let target = prospect.target
    switch verdict {
    case .refused(let wait): throw AppError.rateLimited(milliseconds: wait)
    case .limited(let limit, let isFirst):
      if isFirst, let owner = target.owner {
        mail.enqueue(.usedUp(limit, user: owner.id, chatbot: target.chatbot.name))
      }
      return try await limited(call, prospect)
    case .admitted(let conversation):
      if let quoted { return Self.finished(quoted.answer(in: conversation), call.request) }
      let reply = reply(call, prospect, conversation)
      return Self.wantsEvents(call.request) ? reply.events() : try await reply.whole()
    }
  }

  private func reply(
    _ call: Call, _ prospect: ChatProspect, _ conversation: String
  ) -> ChatReply {
    ChatReply(
      controller: self, prospect: prospect, conversation: conversation,
      // After the question, whatever the clock's grain.
      id: FreshID.text(now: call.now + 1), started: .now, context: call.context, name: call.name,
      reserved: reservations.share(
        of: prospect.target.chatbot.id, owner: prospect.target.owner?.id))
  }

  /// The answer to a question that is not counted yet; nil if it would not be admitted: refusing must cost no search.
  private func quoted(_ call: Call, _ prospect: ChatProspect) async throws -> QuotedReply? {
    // More at once are counted first and answered then: limits that nobody has counted yet hold nobody back.
    guard prospect.isAdmissible,
      let place = try? quoting.open(call.context.addressKey, limit: Self.uncounted)
    else { return nil }
    defer { withExtendedLifetime(place) {} }
    do {
      return try await reply(call, prospect, prospect.admission.conversationID).quoted()
    } catch {
      // It cost a search, which the limits are for.
      _ = try? await database.pass(prospect.admission.limits, now: call.now)
      throw error
    }
  }

  private func target(_ call: Call) async throws -> ChatTarget {
    guard let target = try await database.chatTarget(try call.parameter("chatbot_id")) else {
      throw AppError.notFound
    }
    return try Self.open(target)
  }

  /// - Throws: 404 for the chatbot of an owner who is suspended.
  private static func open(_ target: ChatTarget) throws(AppError) -> ChatTarget {
    guard target.owner?.isDisabled != true else { throw .notFound }
    return target
  }

  /// The answer to a question that was asked before under the same name, as its session's history has it now.
  private func again(
    _ call: Call, _ caller: ChatCaller, _ bytes: [UInt8]
  ) async throws -> Response? {
    let target = try await target(call)
    let session = try session(of: caller, target.chatbot).id
    guard let kept = KeptAnswer(bytes) else { return nil }
    if kept.limited { return limited(call, target, kept) }
    guard
      let message = try await database.answer(
        kept.message, session: session, of: target.chatbot.id)
    else { return nil }
    return Self.finished(
      ChatAnswer(
        message_id: message.id, conversation_id: message.conversation, message: message.content,
        answered: message.answered ?? false, limited: false,
        sources: message.citations.map(RawJSON.init)), call.request)
  }

  /// Whose conversation a question belongs to.
  private func session(
    of caller: ChatCaller, _ chatbot: Chatbot
  ) throws(AppError) -> (id: String, channel: String) {
    switch caller {
    case .visitor(let visitor):
      guard chatbot.settings.isPublic else { throw .notFound }
      return (visitor.session, visitor.channel)
    case .owner(let owner):
      // Unknown and foreign are one answer.
      guard chatbot.owner == owner.user.id else { throw .notFound }
      return ("preview-\(owner.user.id)", "preview")
    }
  }

  private func admission(
    _ call: Call, _ caller: ChatCaller, _ target: ChatTarget, question: String
  ) throws(AppError) -> ChatAdmission {
    let chatbot = target.chatbot
    let (session, channel) = try session(of: caller, chatbot)
    let plan = target.owner?.tier.limits ?? PlanTier.enterprise.limits
    let perMinute = plan.messagesPerMinute
    let id = chatbot.id.text
    let period = target.owner?.period(at: call.now) ?? UsagePeriod(containing: call.now)
    return ChatAdmission(
      chatbot: chatbot.id, owner: chatbot.owner, session: session, channel: channel,
      origin: call.request.headers[ResponseHeaders.name("Origin")].map { String($0.prefix(255)) },
      question: question, conversationID: FreshID.text(now: call.now),
      messageID: FreshID.text(now: call.now), quota: target.owner?.quota ?? Int.max,
      periodStart: period.start, periodEnd: period.end,
      dailyCap: chatbot.settings.dailyMessageCap,
      limits: [
        RateLimit("chat:session:\(id):\(session)", perMinute.session, per: 60_000),
        RateLimit("chat:address:\(id):\(call.context.addressKey)", perMinute.address, per: 60_000),
        RateLimit("chat:chatbot:\(id)", perMinute.chatbot, per: 60_000),
      ], now: call.now)
  }

  static func wantsEvents(_ request: Request) -> Bool {
    request.headers[values: .accept].contains { $0.contains("text/event-stream") }
  }

  private func limited(_ call: Call, _ prospect: ChatProspect) async throws -> Response {
    let kept = KeptAnswer(
      message: FreshID.text(now: call.now + 1),
      conversation: prospect.admission.conversationID, limited: true)
    if let name = call.name { try await database.endRequest(kept.end(name)) }
    return limited(call, prospect.target, kept)
  }

  /// Nothing is counted, no model is asked; the visitor is told politely.
  private func limited(_ call: Call, _ target: ChatTarget, _ kept: KeptAnswer) -> Response {
    let own = target.chatbot.settings.busyText
    let text = own.contains { !$0.isWhitespace } ? own : Self.busyText
    return Self.finished(
      ChatAnswer(
        message_id: kept.message, conversation_id: kept.conversation, message: text,
        answered: false, limited: true, sources: [Citation]()), call.request)
  }

  /// An answer that is there already, in the form that the request asks for.
  private static func finished(
    _ answer: ChatAnswer<some Encodable & Sendable>, _ request: Request
  ) -> Response {
    guard wantsEvents(request) else { return Answer.json(answer) }
    return EventStream.response { writer in
      try await writer.retry(milliseconds: 3000)
      try await writer.send(
        "start", ["message_id": answer.message_id, "conversation_id": answer.conversation_id])
      try await writer.send("delta", ["text": answer.message])
      try await writer.send("sources", ["sources": answer.sources])
      try await writer.send("done", ["answered": answer.answered, "limited": answer.limited])
    }
  }

  // MARK: A visitor's own

  private func history(_ call: Call, _ visitor: Visitor) async throws -> Response {
    let page = try call.page()
    _ = try await publicChatbot(call)
    guard
      let conversation = try await database.conversation(
        session: visitor.session, of: ChatbotID(unchecked: visitor.chatbot))
    else { return Answer.json(Listing([MessageShape](), page, cursor: nil)) }
    let messages = try await database.messages(
      of: conversation.id, after: page.id, limit: page.limit)
    return Answer.json(
      Listing(
        messages.map(MessageShape.init), page,
        cursor: messages.last.map { Cursor(createdAt: $0.createdAt, id: $0.id) }))
  }

  private func feedback(_ call: Call, _ visitor: Visitor) async throws -> Response {
    _ = try await publicChatbot(call)
    let isKnown = try await database.setFeedback(
      call.input.whole("value") ?? 0, comment: call.input.text("comment"),
      on: call.input.text("message_id") ?? "", session: visitor.session,
      of: ChatbotID(unchecked: visitor.chatbot), now: call.now)
    guard isKnown else { throw AppError.notFound }
    return Answer.empty
  }
}

extension ChatbotSettings {
  /// Whether a page of this origin may show the chatbot.
  func allows(origin: String) -> Bool { allowedOrigins.contains(origin) }

  /// Sites that may show the chat, as origins: checked when they were set.
  var allowedOrigins: [String] { Self.texts(allowedDomains) }

  /// Questions that visitors are offered.
  var questionsOffered: [String] { Self.texts(suggestedQuestions) }

  /// The texts of a JSON array.
  private static func texts(_ json: String) -> [String] {
    guard case .array(let values)? = try? StrictJSON.parse(Array(json.utf8)) else { return [] }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }
}
