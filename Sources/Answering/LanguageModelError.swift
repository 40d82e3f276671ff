// Why a model gave no reply. No case holds text of a prompt, a reply or an error page: they end in logs.

/// What went wrong between a prompt and its reply.
package enum LanguageModelError: Error, Hashable, Sendable {
  /// No answer, a broken connection or a 5xx; `why` completes "the model endpoint …".
  case unavailable(endpoint: String, why: String)
  /// It asks to be left alone for a while.
  case rateLimited(endpoint: String, retryAfter: Duration?)
  /// 401, 403 or 404: wrong key, wrong address or unknown model.
  case refused(endpoint: String, status: Int)
  /// It does not take this prompt; `code` is the endpoint's own word for it, when it is one word.
  case rejected(endpoint: String, status: Int, code: String?)
  /// What came is not a chat completion.
  case malformed(endpoint: String, why: String)
  /// The first word did not come in time.
  case tooSlow(endpoint: String, limit: Duration)
  /// It was not asked: it failed too often of late; `left` is the time until it is tried again, nil while it is being tried.
  case resting(endpoint: String, left: Duration?)
  /// The reply broke after some text; `why` completes "the model endpoint …".
  case cut(endpoint: String, why: String)
  /// The reply ended without a word.
  case empty(endpoint: String)
  /// Whoever asked has gone.
  case cancelled

  /// Whether the same prompt may be answered in a moment.
  package var isTransient: Bool {
    switch self {
    case .unavailable, .rateLimited: true
    case .refused, .rejected, .malformed, .tooSlow, .resting, .cut, .empty, .cancelled: false
    }
  }

  /// What it says about the endpoint itself, whatever the prompt was.
  var outcome: CircuitBreaker.Outcome {
    switch self {
    case .rateLimited(_, let asked?) where asked > RemoteConversation.longestPause:
      .failed(rest: asked)
    case .unavailable, .rateLimited, .malformed, .tooSlow, .cut: .failed(rest: nil)
    // It answers; a wrong key or prompt does not pass by leaving it alone.
    case .refused, .rejected, .empty: .worked
    case .resting, .cancelled: .unknown
    }
  }
}

extension LanguageModelError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let endpoint, let why):
      "the model endpoint \(endpoint) \(why); check that it runs"
    case .rateLimited(let endpoint, let wait):
      "the model endpoint \(endpoint) takes no more requests for now"
        + (wait.map { ", it says for \($0)" } ?? "") + "; raise its limits or ask less often"
    case .refused(let endpoint, let status):
      "the model endpoint \(endpoint) refused with \(status); check OPENAI_BASE_URL, OPENAI_API_KEY "
        + "and the model's name"
    case .rejected(let endpoint, let status, let code):
      "the model endpoint \(endpoint) rejected the request with \(status)"
        + (code.map { " (\($0))" } ?? "") + "; check the model's name and its context length"
    case .malformed(let endpoint, let why):
      "the model endpoint \(endpoint) gave no chat completion: \(why); check OPENAI_BASE_URL"
    case .tooSlow(let endpoint, let limit):
      "the model endpoint \(endpoint) gave no word within \(limit); use a faster model or wait longer"
    case .resting(let endpoint, let left):
      "the model endpoint \(endpoint) failed too often and is left alone"
        + (left.map { " for \($0)" } ?? " while one request tries it") + "; check that it runs"
    case .cut(let endpoint, let why):
      "the model endpoint \(endpoint) \(why) in the middle of a reply; check that it runs"
    case .empty(let endpoint):
      "the model endpoint \(endpoint) gave an empty reply; check the model"
    case .cancelled:
      "the reply is not wanted any more"
    }
  }
}
