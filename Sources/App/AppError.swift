// What a person sees when a request cannot be answered (RFC 9457): one table from code to status and sentence. No path,
// address, stack or foreign text stands in any of them.

import FoundationEssentials
import HTTPTypes
import Hummingbird
import Storage

/// Every reason there is for not answering.
enum ProblemCode: String, CaseIterable, Sendable {
  case malformed
  case unauthenticated
  case invalidCredentials = "invalid-credentials"
  case refreshReused = "refresh-reused"
  case oauthFailed = "oauth-failed"
  case emailUnverified = "email-unverified"
  case accountDisabled = "account-disabled"
  case forbidden
  case originNotAllowed = "origin-not-allowed"
  case wrongChatbot = "wrong-chatbot"
  case signupsClosed = "signups-closed"
  case planLimit = "plan-limit"
  case wrongPassword = "wrong-password"
  case notFound = "not-found"
  case methodNotAllowed = "method-not-allowed"
  case emailTaken = "email-taken"
  case linkRequired = "link-required"
  case slugTaken = "slug-taken"
  case duplicateSource = "duplicate-source"
  case noSources = "no-sources"
  case nothingToRetry = "nothing-to-retry"
  case runOver = "run-over"
  case notHeld = "not-held"
  case noWebhook = "no-webhook"
  case lineChanged = "line-changed"
  case lastAdmin = "last-admin"
  case alreadySubscribed = "already-subscribed"
  case noCustomer = "no-customer"
  case claimed
  case stillRunning = "still-running"
  case tooLarge = "too-large"
  case targetTooLong = "target-too-long"
  case unsupportedMediaType = "unsupported-media-type"
  case unsupportedType = "unsupported-type"
  case invalid
  case weakPassword = "weak-password"
  case badDomain = "bad-domain"
  case badQuestion = "bad-question"
  case unsafeURL = "unsafe-url"
  case tokenInvalid = "token-invalid"
  case codeInvalid = "code-invalid"
  case idempotencyMismatch = "idempotency-mismatch"
  case rateLimited = "rate-limited"
  case busy
  case modelUnavailable = "model-unavailable"
  case diskReserve = "disk-reserve"
  case priceNotAccepted = "price-not-accepted"
  case notConfigured = "not-configured"
  case timeout
  case `internal`

  /// Status, title, and what a person can do.
  var parts: (status: HTTPResponse.Status, title: String, detail: String) {
    switch self {
    case .malformed: (.badRequest, "Malformed request", "The request could not be read.")
    case .unauthenticated:
      (.unauthorized, "Not signed in", "Sign in, or send a valid token in Authorization: Bearer.")
    case .invalidCredentials:
      (.unauthorized, "Wrong address or password", "Check both, or reset the password.")
    case .refreshReused:
      (.unauthorized, "Session ended", "This session was used from two places. Sign in again.")
    case .oauthFailed:
      (.unauthorized, "Sign-in was not confirmed", "Start the sign-in again.")
    case .emailUnverified:
      (.forbidden, "Address not confirmed", "Open the link in the letter, or ask for another.")
    case .accountDisabled:
      (.forbidden, "Account suspended", "Ask the operator of this server.")
    case .forbidden: (.forbidden, "Not allowed", "This account may not do that.")
    case .originNotAllowed:
      (.forbidden, "Site not allowed", "The chatbot's owner has not allowed this site.")
    case .wrongChatbot:
      (.forbidden, "Wrong chatbot", "The session belongs to another chatbot. Begin a new one.")
    case .signupsClosed:
      (.forbidden, "No new accounts", "The operator of this server invites new owners.")
    case .planLimit:
      (.forbidden, "Plan limit reached", "Remove something, or choose a larger plan.")
    case .wrongPassword: (.forbidden, "Wrong password", "Give the present password.")
    case .notFound: (.notFound, "Not found", "There is nothing at this address.")
    case .methodNotAllowed:
      (.methodNotAllowed, "Method not allowed", "Use another method here.")
    case .emailTaken:
      (.conflict, "Address taken", "There is an account with this address. Sign in.")
    case .linkRequired:
      (
        .conflict, "Account exists",
        "Sign in with the password once; the accounts are linked after that."
      )
    case .slugTaken: (.conflict, "Link taken", "Choose another public_url_slug.")
    case .duplicateSource: (.conflict, "Already there", "The chatbot has this source already.")
    case .noSources: (.conflict, "Nothing to train", "Add a source first.")
    case .nothingToRetry: (.conflict, "Nothing to retry", "No document of it has failed.")
    case .runOver: (.conflict, "Run is over", "There is nothing left to stop or to change.")
    case .notHeld: (.conflict, "Nothing is held", "The run does not wait for a decision.")
    case .lineChanged: (.conflict, "The line has changed", "Read it again, then approve that.")
    case .noWebhook: (.conflict, "No webhook", "Set crm_webhook_url first.")
    case .lastAdmin: (.conflict, "Last operator", "Make another account an operator first.")
    case .alreadySubscribed:
      (
        .conflict, "Already subscribed",
        "The account pays for a plan. Change it where payments are managed."
      )
    case .noCustomer: (.conflict, "Nothing was bought", "The account has never paid for a plan.")
    case .claimed: (.conflict, "Being worked on", "Try again when the work on it has ended.")
    case .stillRunning:
      (.conflict, "Still running", "The first request with this key has not been answered yet.")
    case .tooLarge: (.contentTooLarge, "Too large", "Send less.")
    case .targetTooLong: (.uriTooLong, "Address too long", "Send a shorter address.")
    case .unsupportedMediaType:
      (.unsupportedMediaType, "Unsupported media type", "Send application/json.")
    case .unsupportedType:
      (
        .unsupportedMediaType, "Unsupported kind of file",
        "Send PDF, DOCX, HTML, Markdown or plain text."
      )
    case .invalid: (.unprocessableContent, "Invalid", "See errors for each member that is wrong.")
    case .weakPassword:
      (
        .unprocessableContent, "Password too easy to guess",
        "Use at least 8 characters, better 15, and no common word or your own address."
      )
    case .badDomain:
      (.unprocessableContent, "Not a domain", "Give origins such as https://www.example.com.")
    case .badQuestion:
      (
        .unprocessableContent, "Not a golden question",
        "A question names a source of this chatbot, or words of its answer, or says no_answer."
      )
    case .unsafeURL:
      (
        .unprocessableContent, "Address cannot be reached",
        "Give a public http or https address without a user name."
      )
    case .tokenInvalid:
      (.badRequest, "Link not valid", "It was used or is too old. Ask for another.")
    case .codeInvalid:
      (.conflict, "Code not valid", "It is wrong, was used or is too old. Ask for another.")
    case .idempotencyMismatch:
      (
        .unprocessableContent, "Key was used for another request",
        "Use a new Idempotency-Key for each request."
      )
    case .rateLimited: (.tooManyRequests, "Too many requests", "Wait as long as Retry-After says.")
    case .busy: (.serviceUnavailable, "Busy", "It cannot be done right now. Try again shortly.")
    case .modelUnavailable:
      (
        .serviceUnavailable, "Language model not reached",
        "The language model did not answer. Try again in a moment; if it lasts, tell the operator."
      )
    case .diskReserve:
      (.init(code: 507), "Disk nearly full", "The operator has to free some space first.")
    case .priceNotAccepted:
      (.unprocessableContent, "Price not accepted", "See detail for what it may cost.")
    case .notConfigured: (.notImplemented, "Not set up", "The operator has not set this up.")
    case .timeout: (.requestTimeout, "Too slow", "The request took too long to arrive.")
    case .internal:
      (
        .internalServerError, "Internal error",
        "Something went wrong here. The request id names it in the log."
      )
    }
  }
}

/// A refusal with its HTTP meaning.
struct AppError: Error {
  let code: ProblemCode
  var detail: String?
  var fields: [FieldProblem] = []
  /// Seconds.
  var retryAfter: Int?
  /// Of `link-required`: what joins the accounts, together with the password.
  var linkToken: String?
  /// Of a plan: what is limited, how much is used, how much there may be.
  var limit: (name: String, used: Int, max: Int)?
  /// Of `price-not-accepted`: what it may take.
  var price: (tokens: Int, cost: Cost?)?

  init(_ code: ProblemCode, detail: String? = nil) {
    self.code = code
    self.detail = detail
  }

  static let notFound = AppError(.notFound)
  static let unauthenticated = AppError(.unauthenticated)
  static func malformed(_ detail: String) -> AppError { AppError(.malformed, detail: detail) }
  static func tooLarge(limit: Int) -> AppError {
    AppError(.tooLarge, detail: "At most \(limit) bytes are accepted here.")
  }
  static func invalid(_ fields: [FieldProblem]) -> AppError {
    var error = AppError(.invalid)
    error.fields = fields
    return error
  }
  static func invalid(_ field: String, _ code: String) -> AppError {
    invalid([FieldProblem(field: field, code: code)])
  }
  static func rateLimited(milliseconds: Int) -> AppError {
    var error = AppError(.rateLimited)
    error.retryAfter = max(1, (milliseconds + 999) / 1000)
    return error
  }
  static func busy(retryAfterSeconds seconds: Int) -> AppError {
    var error = AppError(.busy)
    error.retryAfter = seconds
    return error
  }
  static func planLimit(_ name: String, used: Int, max: Int) -> AppError {
    var error = AppError(.planLimit)
    error.limit = (name, used, max)
    return error
  }

  static func priceNotAccepted(tokens: Int, cost: Cost?) -> AppError {
    let money = cost.map { ", \($0) at most" } ?? ""
    var error = AppError(
      .priceNotAccepted,
      detail:
        "This may cost up to \(tokens) model tokens\(money); send accept_tokens \(tokens) to go on."
    )
    error.price = (tokens, cost)
    return error
  }

  /// From whatever a handler threw.
  init(_ error: any Error) {
    switch error {
    case let error as AppError: self = error
    case let error as any HTTPResponseError:
      switch error.status.code {
      case 404: self.init(.notFound)
      case 405: self.init(.methodNotAllowed)
      case 408: self.init(.timeout)
      case 413: self.init(.tooLarge)
      case 400..<500: self.init(.malformed)
      default: self.init(.internal)
      }
    case StorageError.overloaded: self = .busy(retryAfterSeconds: 1)
    default: self.init(.internal)
    }
  }

  /// The status it is sent with.
  var status: HTTPResponse.Status { code.parts.status }

  /// The problem document.
  func problem(requestID: String) -> Problem {
    Problem(
      type: "/problems/\(code.rawValue)", title: code.parts.title, status: status.code,
      detail: detail ?? code.parts.detail, code: code.rawValue, request_id: requestID,
      errors: fields.isEmpty ? nil : fields, limit: limit?.name, used: limit?.used,
      max: limit?.max, link_token: linkToken, tokens: price?.tokens, cost: price?.cost)
  }

  /// The response; a page for people is the caller's choice.
  func response(requestID: String) -> Response {
    var headers: HTTPFields = [
      .contentType: "application/problem+json", .cacheControl: "no-store",
    ]
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    if code == .unauthenticated { headers[.wwwAuthenticate] = "Bearer" }
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: .init(bytes: JSONText.encode(problem(requestID: requestID)))))
  }
}

/// The body of an error answer.
struct Problem: Encodable {
  let type: String
  let title: String
  let status: Int
  let detail: String
  let code: String
  let request_id: String
  let errors: [FieldProblem]?
  let limit: String?
  let used: Int?
  let max: Int?
  let link_token: String?
  let tokens: Int?
  let cost: Cost?
}

/// JSON as every answer of ours has it.
enum JSONText {
  /// Encodes our own value; a value that cannot be encoded becomes null, which no type here can cause.
  static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return Array("null".utf8) }
    return Array(data)
  }
}
