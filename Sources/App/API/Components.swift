// The named shapes of API.md, as JSON Schema: what answers look like. Held against real answers by the API's tests.

/// Named shapes.
enum Components {
  static let all: [(name: String, schema: Schema)] = [
    (
      "Problem",
      .object([
        required("type", .text), required("title", .text), required("status", .integer(400...599)),
        required("detail", .text), required("code", .choice(ProblemCode.allCases.map(\.rawValue))),
        required("request_id", .text),
        optional(
          "errors", .array(.object([required("field", .text), required("code", .text)]), 0...1000)),
        optional("limit", .text), optional("used", .count), optional("max", .count),
        optional("link_token", .text), optional("tokens", .count),
        optional("cost", .component("Cost")),
      ])
    ),
    (
      "User",
      .object([
        required("id", .id), required("email", .text), required("email_verified", .boolean),
        required("name", .text), required("plan_tier", tier), required("message_quota", .count),
        required("messages_used", .count), required("period_end", .time),
        required("has_password", .boolean), required("google_linked", .boolean),
        required("is_admin", .boolean), required("created_at", .time),
      ])
    ),
    (
      "Tokens",
      .object([
        required("access_token", .text), required("token_type", .choice(["Bearer"])),
        required("expires_in", .count), optional("refresh_token", .text),
        required("user", .component("User")),
      ])
    ),
    (
      "APIKey",
      .object([
        required("id", .id), required("name", .text), required("prefix", .text),
        required("last_used_at", .nullable(.time)), required("created_at", .time),
      ])
    ),
    (
      "Chatbot",
      .object([
        required("id", .id), required("name", .text), required("description", .text),
        required("public_url_slug", .text), required("is_public", .boolean),
        required("share_url", .text), required("welcome_text", .text),
        required("no_answer_text", .text), required("busy_text", .text),
        required("allowed_domains", .array(.text, 0...100)),
        required("crm_webhook_url", .nullable(.text)),
        required("crm_disabled_reason", .nullable(.text)),
        required("takes_contacts", .boolean), required("lead_form", leadForm),
        required("suggested_questions", suggestedQuestions),
        required("privacy_mode", .choice(["blended", "strict"])),
        required("daily_message_cap", .nullable(.count)),
        required("monthly_token_cap", .nullable(.count)),
        required("retention_days", .nullable(.count)),
        required(
          "quality_gate",
          .nullable(
            .object([
              required("recall_at_5", .nullable(.share)), required("no_answer", .nullable(.share)),
            ]))),
        required("state", .choice(["empty", "training", "held", "ready", "failed"])),
        required("paused_reason", .nullable(.choice([PauseReason.planLimit.rawValue]))),
        required("generation", .nullable(.count)), required("trained_at", .nullable(.time)),
        required("sources_count", .count), required("chunks_count", .count),
        required("created_at", .time), required("updated_at", .time),
      ])
    ),
    (
      "Source",
      .object([
        required("id", .id), required("chatbot_id", .id),
        required("source_type", .choice(["file", "url", "video"])),
        required("source_url", .nullable(.text)), required("name", .text),
        required("is_citable", .boolean),
        required("status", .choice(["pending", "processing", "ready", "failed"])),
        required("error_message", .nullable(.text)), required("error_code", .nullable(.text)),
        // When one of its web pages that answer now was last read or found unchanged; null for files.
        required("read_at", .nullable(.time)),
        required(
          "documents",
          .object([
            required("live", .count), required("waiting", .count), required("failed", .count),
            required("total", .count),
          ])),
        required("bytes", .count),
        // Of texts for which vectors were made, in all its readings, and what they cost.
        required("tokens_embedded", .count), required("cost", .nullable(.component("Cost"))),
        required("crawl", crawl(asked: false)),
        required("created_at", .time), required("updated_at", .time),
      ])
    ),
    (
      "Session",
      .object([
        required("id", .id), required("client", .text), required("is_current", .boolean),
        required("created_at", .time), required("used_at", .time),
      ])
    ),
    (
      "Lead",
      .object([
        required("id", .id), required("email", .text), required("session_id", .text),
        required("name", .nullable(.text)), required("phone", .nullable(.text)),
        required("note", .nullable(.text)), required("conversation_id", .nullable(.text)),
        required("consent_at", .time), required("consent_text", .nullable(.text)),
        required("created_at", .time),
      ])
    ),
    (
      "Document",
      .object([
        required("id", .id), required("source_id", .id), required("run_id", .id),
        required("uri", .text), required("title", .nullable(.text)),
        required("reason", .nullable(.text)),
        required("message", .nullable(.text)),
        // What helps, for what was not read.
        required("remedy", .nullable(.text)), required("tries", .count),
        required("due_at", .nullable(.time)), required("pages", .count), required("chunks", .count),
        required("tokens", .count), required("age_seconds", .count),
        // Where its address leads, or the page that stands for it; and other pages that this one stands for.
        required("leads_to", .nullable(.text)), required("addresses", .array(.text, 0...100)),
        required(
          "state",
          .choice([
            "queued", "fetched", "extracted", "chunked", "embedded", "live", "waiting", "held",
            "ended",
          ])),
      ])
    ),
    (
      "FailedDocument",
      .object([required("chatbot_id", .id), required("document", .component("Document"))])
    ),
    (
      "Run",
      .object([
        required("id", .id), required("chatbot_id", .id),
        required("state", .choice(["queued", "running", "held", "done", "failed", "cancelled"])),
        required("trigger", .text), required("generation", .nullable(.count)),
        required("documents", .map(.count)), required("held_reason", .nullable(.text)),
        // Cut in it, and tokens of those of them that were embedded anew.
        required("chunks", .count), required("tokens", .count),
        required("gate", .nullable(.component("GateFinding"))),
        required("started_at", .time), required("finished_at", .nullable(.time)),
      ])
    ),
    (
      "GuidanceLine",
      .object([
        required("id", .id), required("text", .text),
        required("state", .choice(["draft", "approved", "review"])),
        required("source_id", .nullable(.text)), required("approved_at", .nullable(.time)),
        required("created_at", .time),
      ])
    ),
    (
      "GateFinding",
      .object([
        // Null while the generation waits for its evaluation.
        required("passed", .nullable(.boolean)), required("recall_at_5", .nullable(.share)),
        required("mrr", .nullable(.share)), required("no_answer", .nullable(.share)),
        required("questions", .count),
      ])
    ),
    (
      "GoldenQuestion",
      .object([
        required("question", .string(1...1000, .filled)),
        optional("history", .array(.string(1...1000, .filled), 0...5)),
        optional("source_id", .nullable(.id)),
        optional("expected", .nullable(.string(1...500, .filled))),
        optional("no_answer", .boolean),
      ])
    ),
    (
      "LeakTest",
      .object([
        required("id", .id), required("against", .choice(["stub", "model"])),
        required("state", .choice(["running", "passed", "failed", "broken"])),
        required("created_at", .time), required("finished_at", .nullable(.time)),
        required("result", .nullable(leakReport)),
        // Answers so far, of a test that is running.
        required(
          "progress",
          .nullable(.object([required("done", .count), required("total", .count)]))),
      ])
    ),
    (
      "SpoolQueue",
      .object([
        required("stage", .text), required("state", .text), required("items", .count),
        required("due", .count), required("strays", .count),
        required("ages", .array(.count, 10...10)),
        required("oldest_seconds", .nullable(.count)), required("next_due_at", .nullable(.time)),
        required(
          "largest",
          .array(.object([required("chatbot_id", .text), required("items", .count)]), 0...10)),
      ])
    ),
    (
      "SpoolItem",
      .object([
        required("id", .text), required("stage", .text), required("state", .text),
        required("chatbot_id", .text), required("due_at", .time), required("tries", .count),
        required("reason", .nullable(.text)), required("bytes", .count),
        required("age_seconds", .count),
        required("moves", .array(.choice(["retry", "hold", "release", "drop"]), 0...4)),
      ])
    ),
    (
      "Status",
      .object([
        required("state", .choice(["empty", "training", "held", "ready", "failed"])),
        required("progress", .number), required("generation", .nullable(.count)),
        required("run", .nullable(.id)),
        required(
          "stages",
          .map(
            .object([
              required("waiting", .count), required("active", .count), required("deferred", .count),
              required("held", .count), required("failed", .count),
            ]))),
        required("oldest_age_seconds", .nullable(.count)),
        required("seconds_left", .nullable(.count)),
        required("stuck", .count), required("held_reason", .nullable(.text)),
        required(
          "sources",
          .array(
            .object([
              required("id", .id), required("status", .text),
              required("error_message", .nullable(.text)),
            ]), 0...100_000)),
      ])
    ),
    (
      "Citation",
      .object([
        required("n", .count), required("source_id", .id), required("title", .text),
        required("url", .nullable(.text)),
        required(
          "place",
          .object([
            optional("page", .count), optional("heading", .text), optional("second", .count),
            optional("fragment", .text),
          ])),
        required("quote", .text),
      ])
    ),
    (
      "Answer",
      .object([
        required("message_id", .id), required("conversation_id", .id), required("message", .text),
        required("answered", .boolean), required("limited", .boolean),
        required("sources", .array(.component("Citation"), 0...100)),
      ])
    ),
    (
      "Message",
      .object([
        required("id", .id), required("role", .choice(["user", "assistant"])),
        required("content", .text), required("sources", .array(.component("Citation"), 0...100)),
        required("answered", .nullable(.boolean)),
        required("feedback", .nullable(.integer(-1...1))),
        required("comment", .nullable(.text)), required("created_at", .time),
      ])
    ),
    (
      "Conversation",
      .object([
        required("id", .id), required("chatbot_id", .id), required("session_id", .text),
        required("channel", .text), required("messages", .count),
        required("question", .nullable(.text)), required("unanswered", .count),
        required("feedback", .nullable(.integer(-1...1))),
        required("last_message_at", .time),
        required("created_at", .time),
      ])
    ),
    (
      "Delivery",
      .object([
        required("id", .id), required("chatbot_id", .id), required("lead_id", .nullable(.id)),
        required("state", .choice(["waiting", "sent", "dead", "disabled"])),
        required("payload", .text), required("tries", .count),
        required("last_status", .nullable(.count)), required("last_error", .nullable(.text)),
        required("milliseconds", .nullable(.count)), required("next_at", .nullable(.time)),
        required("sent_at", .nullable(.time)), required("created_at", .time),
      ])
    ),
    (
      "Contact",
      .object([
        required("id", .id), required("external_id", .text), required("email", .nullable(.text)),
        required("name", .nullable(.text)), required("phone", .nullable(.text)),
        required("fields", .map(.text)), required("created_at", .time),
        required("updated_at", .time),
      ])
    ),
    (
      "Removal",
      .object([
        required("sources", .count), required("documents", .count), required("chunks", .count),
        required("blobs", .count), required("conversations", .count), required("leads", .count),
        required("bytes_gone_by", .time),
      ])
    ),
    (
      "Plan",
      .object([
        required("tier", tier), required("is_offered", .boolean),
        required("price", .nullable(.text)), required("limits", .map(.nullable(.count))),
      ])
    ),
    ("Cost", Cost.schema),
    (
      "Usage",
      .object([
        required("period_start", .time), required("period_end", .time),
        required("message_quota", .count), required("messages_used", .count),
        required("messages_limited", .count), required("chatbots", .count),
        required("sources", .count), required("chunks", .count), required("bytes", .count),
        required("tokens_embedded", .count), required("tokens_in", .count),
        required("tokens_out", .count), required("cost", .nullable(.component("Cost"))),
        required(
          "by_chatbot",
          .array(
            .object([
              required("chatbot_id", .id), required("messages", .count),
              required("tokens_embedded", .count), required("tokens_in", .count),
              required("tokens_out", .count), required("cost", .nullable(.component("Cost"))),
            ]), 0...100_000)),
      ])
    ),
    (
      "AdminUser",
      .object([
        required("id", .id), required("email", .text), required("email_verified", .boolean),
        required("name", .text), required("plan_tier", tier),
        required("message_quota", .nullable(.count)), required("is_admin", .boolean),
        required("disabled", .boolean), required("created_at", .time),
      ])
    ),
    (
      "AuditEntry",
      .object([
        required("id", .id), required("at", .time), required("actor", .text),
        required("actor_id", .nullable(.text)), required("action", .text),
        required("object", .text),
        required("object_id", .nullable(.text)), required("detail", .text),
      ])
    ),
  ]

  private static let leakReport = Schema.object([
    required("chatbot", .text), required("mode", .choice(["blended", "strict"])),
    required("against", .text), required("generation", .count), required("answers", .count),
    required("disguises", .array(.text, 0...100)),
    required(
      "sources",
      .array(
        .object([
          required("id", .text), required("name", .text), required("attacks", .count),
          required("reached", .count), required("stopped", .count), required("tokens", .count),
          // Results of before lack them.
          optional("tested", .count), optional("untested", .array(.text, 0...100)),
          required(
            "leaks",
            .array(
              .object([
                required("attack", .text), required("disguise", .text), required("what", .text),
              ]), 0...100_000)),
        ]), 0...10_000)), required("limits", .array(.text, 0...20)),
  ])

  static let tier = Schema.choice(["free", "pro", "enterprise"])

  static let leadForm = Schema.object([
    required("enabled", .boolean),
    required("fields", .array(.choice(["name", "phone", "note"]), 0...3)),
    required("after_messages", .integer(0...100)),
    optional("consent_text", .string(0...500)),
  ])

  /// Questions that visitors are offered.
  static let suggestedQuestions = Schema.array(.string(1...200, .filled), 0...6)

  /// What an owner demands of a generation that goes live by itself.
  static let qualityGate = Schema.object([
    optional("recall_at_5", .nullable(.share)), optional("no_answer", .nullable(.share)),
  ])

  /// How far a crawl may go.
  ///
  /// - Parameter asked: by an owner; what we say of it may be empty.
  static func crawl(asked: Bool) -> Schema {
    .object([
      optional("depth", .integer(0...10)), optional("max_pages", .integer(1...10_000)),
      optional("sitemap", .boolean),
      optional("include", .array(.string(1...200, .oneLine), 0...20)),
      optional("exclude", .array(.string(1...200, .oneLine), 0...20)),
      optional("every", every), optional("language", language),
    ])
  }

  private static let every = Schema.choice(["day", "week", "month"])
  /// BCP 47.
  private static let language = Schema.string(2...35, .token)

  /// How a video's captions are read.
  static let captions = Schema.object([optional("every", every), optional("language", language)])

  /// The shape of a list's page.
  static func listing(_ name: String) -> Schema {
    .object([
      required("items", .array(.component(name), 0...100)),
      required("next_cursor", .nullable(.text)),
    ])
  }

  private static let byName = Dictionary(
    all.map { ($0.name, $0.schema) }, uniquingKeysWith: { first, _ in first })

  static func schema(_ name: String) -> Schema? { byName[name] }

  /// The query of a list.
  static let page = [
    optional("limit", Schema.integer(1...100)), optional("cursor", Schema.string(1...45, .cursor)),
  ]
}
