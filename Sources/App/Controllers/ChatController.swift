// The public chat: a question in, an answer with citations out, as JSON or as server-sent events.
//
// Encodes released text and citations only; a learn-only passage has no encoder, so it cannot be sent by mistake.

import Answering
import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Spool
import Storage

/// `POST /api/chat/{chatbot}/`.
struct ChatController {
  /// Bytes of a request body.
  static let bodyLimit = 64 << 10
  /// Bytes of a visitor's message.
  static let messageLimit = 4 << 10

  let database: AppDatabase
  let answerer: Answerer

  func addRoutes(to router: Router<AppRequestContext>) {
    router.post("api/chat/:chatbot", use: answer)
  }

  @Sendable private func answer(
    _ request: Request, context: AppRequestContext
  ) async throws -> Response {
    let name = try context.parameters.require("chatbot")
    let question = try await Self.question(of: request)
    guard let chatbot = try await database.chatbot(name) else { throw AppError.notFound }
    let asked = AnswerRequest(
      question: question, chatbot: chatbot.id, chatbotName: chatbot.name,
      visibilities: try await database.visibilities(of: chatbot.id))
    let messageID = Training.newID()
    if Self.wantsEvents(request) {
      return events(of: asked, messageID: messageID, context: context)
    }
    let answer = try await answerer.wholeAnswer(asked)
    let body = ChatAnswer(
      message_id: messageID, message: answer.message, answered: answer.answered,
      sources: answer.sources)
    return Response(
      status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONText.encode(body))))
  }

  private static func wantsEvents(_ request: Request) -> Bool {
    request.headers[values: .accept].contains { $0.contains("text/event-stream") }
  }

  private static func question(of request: Request) async throws -> String {
    guard request.headers[.contentType]?.hasPrefix("application/json") == true else {
      throw AppError.unsupportedMediaType
    }
    let body = try await request.body.collect(upTo: bodyLimit)
    let message: ChatRequest
    do {
      message = try JSONDecoder().decode(ChatRequest.self, from: Data(body.readableBytesView))
    } catch {
      throw AppError.malformed("Send {\"message\": \"…\"} and nothing else.")
    }
    guard message.message.utf8.count <= messageLimit else {
      throw AppError.tooLarge(limit: messageLimit)
    }
    guard !message.message.allSatisfy(\.isWhitespace) else {
      throw AppError.malformed("The message is empty.")
    }
    return message.message
  }

  /// Ends the answerer's work when the visitor leaves: writing then throws, and the stream is cancelled.
  private func events(
    of asked: AnswerRequest, messageID: String, context: AppRequestContext
  ) -> Response {
    let requestID = context.id
    let body = ResponseBody { writer in
      try await writer.write(Self.event("start", ["message_id": messageID]))
      do {
        for try await event in answerer.answer(asked) {
          switch event {
          case .delta(let text): try await writer.write(Self.event("delta", ["text": text]))
          case .sources(let sources):
            try await writer.write(Self.event("sources", ["sources": sources]))
          case .done(let answered):
            try await writer.write(Self.event("done", ["answered": answered, "limited": false]))
          }
        }
      } catch {
        context.logger.error("answer failed", metadata: ["error": "\(error)"])
        let problem = AppError.busy(retryAfterSeconds: 5).problem(requestID: requestID)
        try await writer.write(Self.event("error", problem))
      }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
  }

  private static func event(_ name: String, _ payload: some Encodable) -> ByteBuffer {
    var buffer = ByteBuffer(string: "event: \(name)\ndata: ")
    buffer.writeBytes(JSONText.encode(payload))
    buffer.writeString("\n\n")
    return buffer
  }
}

/// The body of a question; unknown members are refused.
private struct ChatRequest: Decodable {
  let message: String

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    guard container.allKeys.map(\.stringValue) == ["message"] else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "unknown member"))
    }
    message = try container.decode(String.self, forKey: Key(stringValue: "message"))
  }
}

/// The body of an answer.
private struct ChatAnswer: Encodable {
  let message_id: String
  let message: String
  let answered: Bool
  let limited = false
  let sources: [Citation]
}
