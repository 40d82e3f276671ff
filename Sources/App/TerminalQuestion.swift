// A question from a terminal: answered as a visitor's would be, in the chatbot's own privacy mode, with its guidance and within its
// caps. What a model takes is counted; messages are not, and no conversation is kept.

package import Answering
import Billing
import Corpus
import Spool
package import Storage

/// Asks a chatbot without a visitor.
package struct TerminalQuestion: Sendable {
  private let database: AppDatabase
  private let answerer: Answerer

  package init(_ services: Services) {
    database = services.database
    answerer = services.answerer
  }

  /// The answer.
  ///
  /// Tokens that answers of a running server have reserved are not known here: a cap may be passed by one answer.
  ///
  /// - Throws: `StorageError`, and as `Answerer.wholeAnswer`.
  package func answer(_ question: String, to chatbot: Chatbot) async throws -> Answering.Answer {
    guard let target = try await database.chatTarget(chatbot.id.text) else {
      throw StorageError.noChatbot(chatbot.slug)
    }
    let settings = target.chatbot.settings
    let now = WallClock.now()
    let month = target.owner?.period(at: now) ?? UsagePeriod(containing: now)
    let period = month.start..<month.end
    let allowance = TokenAllowance(
      database: database, chatbot: chatbot.id, owner: target.owner?.id,
      chatbotCap: settings.monthlyTokenCap,
      ownerCap: target.owner?.tier.limits.modelTokensPerPeriod, period: period,
      reserved: TokenReservations().share(of: chatbot.id, owner: target.owner?.id))
    var request = AnswerRequest(
      question: question, chatbot: chatbot.id, chatbotName: target.chatbot.name,
      visibilities: target.visibilities, noAnswerText: settings.noAnswerText)
    request.mode = PrivacyMode(rawValue: settings.privacyMode) ?? .strict
    request.guidance = target.guidance
    // A database that cannot say what is left allows nothing.
    request.meter = UsageMeter { tokens in (try? await allowance.take(tokens)) ?? false }
    let meter = request.meter
    let result: Result<Answering.Answer, any Error>
    do {
      result = .success(try await answerer.wholeAnswer(request))
    } catch {
      result = .failure(error)
    }
    // What an answer that broke off has cost stands as well.
    if meter.usage != Answering.Answer.Usage() {
      try await database.note(
        TokenCounts(read: meter.usage.promptTokens, written: meter.usage.replyTokens),
        of: chatbot.id, owner: target.owner?.id, period: period, now: now)
    }
    return try result.get()
  }
}
