// What a person sees when a request cannot be answered: one switch from error to status and sentence (RFC 9457). No path,
// address, stack or foreign text stands in any of them.

import FoundationEssentials
import HTTPTypes
import Hummingbird

/// A refusal with its HTTP meaning.
enum AppError: Error {
  case malformed(String)
  case notFound
  case methodNotAllowed
  case tooLarge(limit: Int)
  case unsupportedMediaType
  case busy(retryAfterSeconds: Int)
  case `internal`

  /// From whatever a handler threw.
  init(_ error: any Error) {
    switch error {
    case let error as AppError: self = error
    case let error as any HTTPResponseError:
      switch error.status.code {
      case 404: self = .notFound
      case 405: self = .methodNotAllowed
      case 413: self = .tooLarge(limit: ChatController.bodyLimit)
      case 400..<500: self = .malformed("The request could not be read.")
      default: self = .internal
      }
    default: self = .internal
    }
  }

  private var parts: (status: HTTPResponse.Status, code: String, title: String, detail: String) {
    switch self {
    case .malformed(let detail): (.badRequest, "malformed", "Malformed request", detail)
    case .notFound: (.notFound, "not-found", "Not found", "There is nothing at this address.")
    case .methodNotAllowed:
      (.methodNotAllowed, "method-not-allowed", "Method not allowed", "Use another method here.")
    case .tooLarge(let limit):
      (.contentTooLarge, "too-large", "Too large", "At most \(limit) bytes are accepted here.")
    case .unsupportedMediaType:
      (
        .unsupportedMediaType, "unsupported-media-type", "Unsupported media type",
        "Send application/json."
      )
    case .busy:
      (
        .serviceUnavailable, "busy", "Busy",
        "The chatbot cannot answer right now. Try again shortly."
      )
    case .internal:
      (
        .internalServerError, "internal", "Internal error",
        "Something went wrong here. The request id names it in the log."
      )
    }
  }

  /// The status it is sent with.
  var status: HTTPResponse.Status { parts.status }

  /// The problem document.
  func problem(requestID: String) -> Problem {
    Problem(
      type: "/problems/\(parts.code)", title: parts.title, status: parts.status.code,
      detail: parts.detail, code: parts.code, request_id: requestID)
  }

  /// The response; a page for people is the caller's choice.
  func response(requestID: String) -> Response {
    var headers: HTTPFields = [.contentType: "application/problem+json"]
    if case .busy(let seconds) = self { headers[.retryAfter] = "\(seconds)" }
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
