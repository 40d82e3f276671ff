// What is refused by its head alone, whatever its address: before limits are counted, a body is read or a route is asked.

import HTTPTypes
import Hummingbird

/// Checks heads of requests.
struct RequestHead: RouterMiddleware {
  typealias Context = AppRequestContext

  /// Bytes of a request's target (SECURITY.md W20).
  static let targetLimit = 8 << 10

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let fault = Self.fault(of: request) else { return try await next(request, context) }
    var response = fault.response(requestID: context.id)
    ResponseHeaders.add(to: &response, requestID: context.id)
    return response
  }

  private static func fault(of request: Request) -> AppError? {
    guard (request.head.path?.utf8.count ?? 0) <= targetLimit else {
      return AppError(.targetTooLong)
    }
    // RFC 9112 section 3.2. The codec takes the first Host for the authority and leaves the others where they are.
    guard let host = request.head.authority, request.headers[.host] == nil, isHost(host) else {
      return .malformed("A request names its host once.")
    }
    return nil
  }

  /// Whether a text can be a host and port, or is empty.
  ///
  /// Source: RFC 3986 section 3.2.2, but for the order of its signs.
  private static func isHost(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: signs.contains(byte)
      }
    }
  }

  private static let signs = Set("-._~%!$&'()*+,;=:[]".utf8)
}

extension HTTPField.Name {
  static let host = ResponseHeaders.name("Host")
}
