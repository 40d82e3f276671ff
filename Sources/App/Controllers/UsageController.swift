// What an account has used: its plan, and what its tokens cost.

import Billing
import FoundationEssentials
import Hummingbird
import Storage

/// `/api/usage/`.
struct UsageController: Sendable {
  let database: AppDatabase
  /// Nil where the operator has named none.
  let prices: TokenPrices?

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/usage/", "What the account has used this period.",
        answers: [.json(200, .component("Usage"))]),
      for: access.owner, { call, owner in try await usage(call, owner) })
  }

  private func usage(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Line: Encodable {
      let chatbot_id: String
      let messages, tokens_embedded, tokens_in, tokens_out: Int
      let cost: Nullable<Cost>
    }
    struct Shape: Encodable {
      let period_start, period_end: String
      let message_quota, messages_used, messages_limited, chatbots, sources, chunks, bytes: Int
      let tokens_embedded, tokens_in, tokens_out: Int
      let cost: Nullable<Cost>
      let by_chatbot: [Line]
    }
    let period = owner.user.period(at: call.now)
    let usage = try await database.usage(
      of: owner.user.id, periodStart: period.start, periodEnd: period.end)
    return Answer.json(
      Shape(
        period_start: APITime.text(period.start), period_end: APITime.text(period.end),
        message_quota: owner.user.quota, messages_used: usage.messagesUsed,
        messages_limited: usage.limited, chatbots: usage.chatbots, sources: usage.sources,
        chunks: usage.chunks, bytes: usage.bytes,
        tokens_embedded: usage.tokens.embedded, tokens_in: usage.tokens.read,
        tokens_out: usage.tokens.written, cost: Nullable(prices?.cost(of: usage.tokens)),
        by_chatbot: usage.shares.map { share in
          Line(
            chatbot_id: share.chatbot, messages: share.messages,
            tokens_embedded: share.tokens.embedded, tokens_in: share.tokens.read,
            tokens_out: share.tokens.written, cost: Nullable(prices?.cost(of: share.tokens)))
        }))
  }
}
