// What the API says of rows: one encoder for each shape of API.md.

import Billing
import Corpus
import Evaluation
import FoundationEssentials
import Spool
import Storage

/// A value that is written even when it is nil: a client need not tell absent from null.
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
  let value: Value?
  init(_ value: Value?) { self.value = value }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}

/// Text that is JSON already.
struct RawJSON: Encodable, Sendable {
  let value: JSONValue
  init(_ text: String) { value = (try? StrictJSON.parse(Array(text.utf8))) ?? .object([:]) }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

struct UserShape: Encodable {
  let id, email, name, plan_tier, period_end, created_at: String
  let email_verified, has_password, google_linked, is_admin: Bool
  let message_quota, messages_used: Int

  init(_ user: User, messagesUsed: Int, now: Int) {
    id = user.id
    email = user.email
    name = user.name
    plan_tier = user.planTier
    period_end = APITime.text(user.period(at: now).end)
    created_at = APITime.text(user.createdAt)
    email_verified = user.isEmailVerified
    has_password = user.passwordHash != nil
    google_linked = user.googleID != nil
    is_admin = user.isAdmin
    message_quota = user.quota
    messages_used = messagesUsed
  }
}

extension User {
  var tier: PlanTier { PlanTier(rawValue: planTier) ?? .free }
  /// Messages a period.
  var quota: Int { messageQuota ?? tier.limits.messagesPerPeriod }
  /// The period in which its messages are counted now: the one it pays for, else the calendar's month.
  func period(at now: Int) -> UsagePeriod {
    guard let paidPeriod else { return UsagePeriod(containing: now) }
    return UsagePeriod(
      containing: now, paidFrom: paidPeriod.lowerBound, until: paidPeriod.upperBound)
  }
}

/// Why a chatbot does not answer though nothing is wrong with it.
enum PauseReason: String {
  /// Its owner's plan allows fewer; the oldest ones go on, and this one does as soon as there is room.
  case planLimit = "plan-limit"

  /// - Parameter older: how many older chatbots its owner has.
  /// - Parameter tier: of its owner; nil for the operator's own chatbot, which nothing pauses.
  init?(older: Int, tier: PlanTier?) {
    guard let tier, older >= tier.limits.chatbots else { return nil }
    self = .planLimit
  }
}

struct TokensShape: Encodable {
  let access_token: String
  let token_type = "Bearer"
  let expires_in = SignIn.accessLifetime
  let refresh_token: String?
  let user: UserShape
}

struct KeyShape: Encodable {
  let id, name, prefix, created_at: String
  let last_used_at: Nullable<String>

  init(_ key: APIKey) {
    id = key.id
    name = key.name
    prefix = key.prefix
    created_at = APITime.text(key.createdAt)
    last_used_at = Nullable(key.lastUsedAt.map(APITime.text))
  }
}

struct ChatbotShape: Encodable {
  let id, name, description, public_url_slug, share_url, welcome_text, no_answer_text: String
  let busy_text, privacy_mode, state, created_at, updated_at: String
  let is_public: Bool
  let allowed_domains, lead_form, suggested_questions: RawJSON
  let crm_disabled_reason, crm_webhook_url, trained_at, paused_reason: Nullable<String>
  let takes_contacts: Bool
  let daily_message_cap, monthly_token_cap, retention_days, generation: Nullable<Int>
  let quality_gate: Nullable<QualityGateShape>
  let sources_count, chunks_count: Int

  init(_ summary: ChatbotSummary, publicURL: String) {
    let chatbot = summary.chatbot
    let settings = chatbot.settings
    id = chatbot.id.text
    name = settings.name
    description = settings.description
    public_url_slug = chatbot.slug
    share_url = "\(publicURL)/c/\(chatbot.slug)"
    welcome_text = settings.welcomeText
    no_answer_text = settings.noAnswerText
    busy_text = settings.busyText
    privacy_mode = settings.privacyMode
    state = Self.state(summary)
    paused_reason = Nullable(
      PauseReason(
        older: summary.older, tier: summary.planTier.map { PlanTier(rawValue: $0) ?? .free })?
        .rawValue)
    created_at = APITime.text(chatbot.createdAt)
    updated_at = APITime.text(chatbot.updatedAt)
    is_public = settings.isPublic
    allowed_domains = RawJSON(settings.allowedDomains)
    lead_form = RawJSON(settings.leadForm)
    suggested_questions = RawJSON(settings.suggestedQuestions)
    takes_contacts = chatbot.takesContacts
    crm_disabled_reason = Nullable(summary.chatbot.crmDisabledReason)
    crm_webhook_url = Nullable(settings.crmWebhookURL)
    trained_at = Nullable(summary.trainedAt.map(APITime.text))
    daily_message_cap = Nullable(settings.dailyMessageCap)
    monthly_token_cap = Nullable(settings.monthlyTokenCap)
    retention_days = Nullable(settings.retentionDays)
    quality_gate = Nullable(QualityGateShape(QualityGate(json: settings.qualityGate)))
    generation = Nullable(summary.generation)
    sources_count = summary.sources
    chunks_count = summary.chunks
  }

  private static func state(_ summary: ChatbotSummary) -> String {
    switch summary.runState {
    case nil: "empty"
    case "running": "training"
    case "held": "held"
    default: summary.generation == nil ? "failed" : "ready"
    }
  }
}

struct SourceShape: Encodable {
  struct Documents: Encodable {
    let live, waiting, failed, total: Int
  }

  let id, chatbot_id, source_type, name, status, created_at, updated_at: String
  let source_url, error_message, error_code, read_at: Nullable<String>
  let is_citable: Bool
  let documents: Documents
  let bytes, tokens_embedded: Int
  let cost: Nullable<Cost>
  let crawl: RawJSON

  init(_ source: KnowledgeSource, _ state: SourceState?, _ prices: TokenPrices?) {
    id = source.id.text
    chatbot_id = source.chatbot.text
    source_type = source.type
    name = source.name
    status = state?.status ?? "pending"
    created_at = APITime.text(source.createdAt)
    updated_at = APITime.text(source.updatedAt)
    source_url = Nullable(source.url)
    error_message = Nullable(state?.message)
    error_code = Nullable(state?.reason)
    read_at = Nullable(state?.readAt.map(APITime.text))
    is_citable = source.isCitable
    let counts = state?.documents ?? [:]
    documents = Documents(
      live: counts["live", default: 0],
      waiting: counts.filter { !["live", "ended", "left_out"].contains($0.key) }.values
        .reduce(0, +),
      failed: counts["ended", default: 0], total: counts.values.reduce(0, +))
    bytes = source.bytes
    tokens_embedded = state?.tokensEmbedded ?? 0
    cost = Nullable(prices?.cost(of: TokenCounts(embedded: tokens_embedded)))
    crawl = RawJSON(source.crawl)
  }
}

struct DocumentShape: Encodable {
  let id, source_id, run_id, uri, state: String
  let title, reason, message, remedy, due_at, leads_to: Nullable<String>
  let tries, pages, chunks, tokens, age_seconds: Int
  let addresses: [String]

  init(_ row: DocumentRow, now: Int) {
    id = row.id
    source_id = row.source
    run_id = row.run
    uri = row.uri
    state = row.state
    title = Nullable(row.title)
    reason = Nullable(row.reason)
    message = Nullable(row.message)
    remedy = Nullable(
      row.state == "live" ? nil : row.reason.flatMap(ReadingAdvice.remedy))
    due_at = Nullable(row.dueAt.map(APITime.text))
    tries = row.tries
    pages = row.pages
    chunks = row.chunks
    tokens = row.tokens
    age_seconds = max(0, (now - row.changedAt) / 1000)
    leads_to = Nullable(row.leadsTo)
    addresses = row.addresses
  }
}

struct RunShape: Encodable {
  let id, chatbot_id, state, trigger, started_at: String
  let generation: Nullable<Int>
  let documents: [String: Int]
  /// Cut, and tokens of those of them that were embedded anew.
  let chunks, tokens: Int
  let held_reason, finished_at: Nullable<String>
  let gate: Nullable<GateShape>

  init(_ row: RunRow, _ progress: RunProgress) {
    id = row.id.text
    chatbot_id = row.chatbot.text
    state = row.state
    trigger = row.trigger
    started_at = APITime.text(row.startedAt)
    generation = Nullable(row.generation)
    documents = progress.documents
    chunks = progress.passed["chunk"]?.chunks ?? 0
    tokens = progress.passed["embed"]?.tokens ?? 0
    held_reason = Nullable(row.heldReason)
    gate = Nullable(GateShape(row))
    finished_at = Nullable(row.finishedAt.map(APITime.text))
  }
}

/// What an owner demands of a generation; nil when that is nothing.
struct QualityGateShape: Encodable {
  let recall_at_5, no_answer: Nullable<Double>

  init?(_ gate: QualityGate) {
    guard !gate.isOff else { return nil }
    recall_at_5 = Nullable(gate.recallAt5)
    no_answer = Nullable(gate.noAnswer)
  }
}

/// What the gate found of a run's generation; nil when nobody judges it.
struct GateShape: Encodable {
  let passed: Nullable<Bool>
  let recall_at_5, mrr, no_answer: Nullable<Double>
  let questions: Int

  init?(_ row: RunRow) {
    let finding = GateFinding(json: row.verdict)
    guard finding != nil || row.awaitsEvaluation else { return nil }
    passed = Nullable(finding?.passed)
    recall_at_5 = Nullable(finding?.recallAt5)
    mrr = Nullable(finding?.mrr)
    no_answer = Nullable(finding?.noAnswer)
    questions = finding?.questions ?? 0
  }
}

struct GoldenQuestionShape: Encodable {
  let question: String
  let history: [String]
  let source_id, expected: Nullable<String>
  let no_answer: Bool

  init(_ row: GoldenQuestionRow) {
    question = row.question
    history = row.history
    source_id = Nullable(row.source?.text)
    expected = Nullable(row.expected)
    no_answer = row.hasNoAnswer
  }
}

struct RemovalShape: Encodable {
  let sources, documents, chunks, blobs, conversations, leads: Int
  let bytes_gone_by: String

  init(_ receipt: RemovalReceipt, now: Int) {
    sources = receipt.sources
    documents = receipt.documents
    chunks = receipt.chunks
    blobs = receipt.blobs
    conversations = receipt.conversations
    leads = receipt.leads
    bytes_gone_by = APITime.text(now + 86_400_000)
  }
}

struct MessageShape: Encodable {
  let id, role, content, created_at: String
  let sources: [RawJSON]
  let answered: Nullable<Bool>
  let feedback: Nullable<Int>
  let comment: Nullable<String>

  init(_ message: Message) {
    id = message.id
    role = message.role
    content = message.content
    created_at = APITime.text(message.createdAt)
    sources = message.citations.map(RawJSON.init)
    answered = Nullable(message.answered)
    feedback = Nullable(message.feedback)
    comment = Nullable(message.comment)
  }
}

struct ConversationShape: Encodable {
  let id, chatbot_id, session_id, channel, last_message_at, created_at: String
  let messages, unanswered: Int
  let question: Nullable<String>
  let feedback: Nullable<Int>

  init(_ conversation: Conversation) {
    id = conversation.id
    chatbot_id = conversation.chatbot.text
    session_id = conversation.session
    channel = conversation.channel
    messages = conversation.messages
    unanswered = conversation.unanswered
    question = Nullable(conversation.question)
    feedback = Nullable(conversation.feedback)
    last_message_at = APITime.text(conversation.lastMessageAt)
    created_at = APITime.text(conversation.createdAt)
  }
}

struct AdminUserShape: Encodable {
  let id, email, name, plan_tier, created_at: String
  let email_verified, is_admin, disabled: Bool
  let message_quota: Nullable<Int>

  init(_ user: User) {
    id = user.id
    email = user.email
    name = user.name
    plan_tier = user.planTier
    created_at = APITime.text(user.createdAt)
    email_verified = user.isEmailVerified
    is_admin = user.isAdmin
    disabled = user.isDisabled
    message_quota = Nullable(user.messageQuota)
  }
}

struct AuditShape: Encodable {
  let id, at, actor, action, object, detail: String
  let actor_id, object_id: Nullable<String>

  init(_ entry: AuditEntry) {
    id = entry.id
    at = APITime.text(entry.at)
    actor = entry.actor
    action = entry.action
    object = entry.object
    detail = entry.detail
    actor_id = Nullable(entry.actorID)
    object_id = Nullable(entry.objectID)
  }
}
