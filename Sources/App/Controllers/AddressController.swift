// A visitor proves an address, so that what the chatbot's CRM has told of it may stand in this visitor's answers. Whether anybody
// is known by an address is told to nobody: the answer is the same, and a letter goes off the path of the request.

import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/chat/{chatbot_id}/address/…`.
struct AddressController: Sendable {
  /// How long a code is good, in ms.
  private static let lifetime = 10 * 60_000
  /// Codes for one address; as many as letters to one mailbox (MailService).
  private static let codesAnHour = 10

  let database: AppDatabase
  let mail: MailService

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .post, "/api/chat/{chatbot_id}/address/",
        "Ask for a code by letter, to be answered as the person with this address.",
        body: .json(.object([required("email", .string(3...254, .email))])),
        answers: [.empty(202)], problems: [.wrongChatbot, .notConfigured],
        addressLimit: .hourly(10)),
      for: access.visitor, { call, visitor in try await ask(call, visitor) })
    routes.add(
      Route(
        .post, "/api/chat/{chatbot_id}/address/confirm/", "Give the letter's code.",
        body: .json(.object([required("code", .string(6...6, .token))])),
        answers: [.json(200, .object([required("email", .text)]))],
        problems: [.wrongChatbot, .codeInvalid], addressLimit: .hourly(30)),
      for: access.visitor, { call, visitor in try await confirm(call, visitor) })
  }

  private func ask(_ call: Call, _ visitor: Visitor) async throws -> Response {
    guard mail.isOn else { throw AppError(.notConfigured) }
    guard let chatbot = try await database.publicChatbot(visitor.chatbot) else {
      throw AppError.notFound
    }
    let email = (call.input.text("email") ?? "").normalizedEmail
    // So many codes an hour for one address, whoever asks and from wherever: each is five guesses. One too many is not told apart,
    // and leaves the last code as it is.
    let mailbox = SHA256Digest(of: "proof\u{0}\(chatbot.id)\u{0}\(email)").shortName
    let wait = try await database.pass(
      [RateLimit("proof:\(mailbox)", Self.codesAnHour, per: 3_600_000)], now: call.now)
    guard wait == nil else { return Self.accepted }
    let code = Self.code()
    let isKnown = try await database.beginProof(
      of: email, session: visitor.session, chatbot: chatbot.id,
      hash: Self.hash(code, visitor), expiresAt: call.now + Self.lifetime, now: call.now)
    if isKnown { mail.enqueue(.code(email: email, chatbot: chatbot.name, code: code)) }
    return Self.accepted
  }

  private static var accepted: Response {
    Response(status: .accepted, headers: [.cacheControl: "no-store"])
  }

  private func confirm(_ call: Call, _ visitor: Visitor) async throws -> Response {
    struct Proved: Encodable { let email: String }
    let outcome = try await database.prove(
      hash: Self.hash(call.input.text("code") ?? "", visitor), session: visitor.session,
      chatbot: ChatbotID(unchecked: visitor.chatbot), now: call.now)
    guard case .proved(let email) = outcome else { throw AppError(.codeInvalid) }
    return Answer.json(Proved(email: email))
  }

  /// Six digits: five tries of a million, for ten minutes.
  private static func code() -> String {
    var generator = SystemRandomNumberGenerator()
    let number = Int.random(in: 0..<1_000_000, using: &generator)
    let digits = String(number)
    return String(repeating: "0", count: 6 - digits.utf8.count) + digits
  }

  private static func hash(_ code: String, _ visitor: Visitor) -> [UInt8] {
    SHA256Digest(of: "proof\u{0}\(visitor.chatbot)\u{0}\(visitor.session)\u{0}\(code)").bytes
  }
}
