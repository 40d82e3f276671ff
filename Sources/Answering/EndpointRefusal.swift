// What it means when an endpoint answers with something else than a reply.

import FoundationEssentials
import WebClient

/// How the body of an answer with status 200 is read.
enum BodyKind {
  /// Server-sent events.
  case events
  /// One JSON object.
  case completion

  /// Some servers declare events as plain text or not at all; a page is never read as either.
  ///
  /// - Throws: `LanguageModelError.malformed` for any other type.
  init(_ response: WebStream, endpoint: String) throws(LanguageModelError) {
    switch response.mediaType {
    case nil, "text/event-stream", "text/plain", "application/octet-stream": self = .events
    case "application/json": self = .completion
    default: throw .malformed(endpoint: endpoint, why: "it is neither an event stream nor JSON")
    }
  }
}

/// Errors from statuses and from the transport.
enum EndpointRefusal {
  /// What a status other than 200 means.
  static func meaning(of response: WebStream, endpoint: String) async -> LanguageModelError {
    let status = response.status
    let asked = response.headers.retryAfter()
    switch status {
    case 401, 403, 404: return .refused(endpoint: endpoint, status: status)
    case 429: return .rateLimited(endpoint: endpoint, retryAfter: asked)
    case 503 where asked != nil: return .rateLimited(endpoint: endpoint, retryAfter: asked)
    case 408, 409, 425, 500...599:
      return .unavailable(endpoint: endpoint, why: "answered \(status)")
    default:
      // Best effort: the status says enough when the body cannot be read.
      let body = (try? await response.whole(endpoint: endpoint)) ?? []
      let failure = try? JSONDecoder().decode(ChatCompletionChunk.self, from: Data(body)).error
      return .rejected(endpoint: endpoint, status: status, code: failure?.reason)
    }
  }

  /// What a failure of the transport means, for a reply that has not ended.
  static func meaning(
    of error: WebError, _ reply: ReplyReader, endpoint: String
  ) -> LanguageModelError {
    switch error {
    case .cancelled: .cancelled
    case .timeout(_, let phase): reply.broken("took too long (waiting for \(phase.rawValue))")
    case .connection where reply.hasText: reply.broken("broke off")
    case .connection: reply.broken("could not be reached or broke off")
    case .blocked: .unavailable(endpoint: endpoint, why: "has no address")
    case .badURL(let why): .malformed(endpoint: endpoint, why: "its address \(why)")
    case .tooLarge(_, _, let limit): .malformed(endpoint: endpoint, why: "more than \(limit) bytes")
    case .tooManyRedirects: .malformed(endpoint: endpoint, why: "it redirects")
    case .tls: .malformed(endpoint: endpoint, why: "its certificate was refused")
    case .protocolError where reply.hasText: reply.broken("broke off")
    case .protocolError: .malformed(endpoint: endpoint, why: "it does not speak HTTP")
    }
  }
}

extension WebStream {
  /// At most a megabyte of a body that is no stream.
  func whole(endpoint: String) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await piece in body {
      bytes += piece
      guard bytes.count <= 1 << 20 else {
        throw LanguageModelError.malformed(endpoint: endpoint, why: "more than a megabyte")
      }
    }
    return bytes
  }
}
