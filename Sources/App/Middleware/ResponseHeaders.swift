// What every response carries, errors included: its request id and the headers that keep a browser strict.

import HTTPTypes
import Hummingbird
import Logging

/// Turns thrown errors into problem documents and adds the headers of every response.
struct ResponseHeaders: RouterMiddleware {
  typealias Context = AppRequestContext

  /// What a person is shown in place of a problem document.
  let missingPage: @Sendable () throws -> Response

  /// Nothing but what the page itself brings; a page that needs more says so.
  static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let requestID = context.id
    var response: Response
    do {
      // Whatever the address: a method that no route has.
      guard Self.methods.contains(request.method) || request.method == .head else {
        throw AppError(.methodNotAllowed)
      }
      response = try await next(request, context)
    } catch {
      let refusal = AppError(error)
      if refusal.code == .internal {
        context.logger.error("internal", metadata: ["error": "\(error)"])
      }
      response = refusal.response(requestID: requestID)
      if refusal.code == .notFound, Self.isPerson(request), let page = try? missingPage() {
        response = page
      }
    }
    Self.add(to: &response, requestID: requestID)
    return response
  }

  /// Whether somebody looks at a page, rather than a program at the API.
  private static func isPerson(_ request: Request) -> Bool {
    request.method == .get && !request.uri.path.hasPrefix("/api/")
      && request.headers[.accept]?.contains("text/html") == true
  }

  /// Adds the headers of every response.
  static func add(to response: inout Response, requestID: String) {
    response.headers[Self.requestID] = requestID
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    // Browsers heed it over https only (RFC 6797 section 8.1).
    response.headers[.strictTransportSecurity] = "max-age=31536000; includeSubDomains"
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = Self.contentSecurityPolicy
    }
  }

  /// Methods that are answered by address: others are refused before one is looked for.
  static let methods: Set<HTTPRequest.Method> = {
    var methods: Set<HTTPRequest.Method> = [
      .get, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]
    // Safe, with a body (draft-ietf-httpbis-safe-method-w-body).
    if let query = HTTPRequest.Method("QUERY") { methods.insert(query) }
    return methods
  }()

  private static let requestID = name("X-Request-Id")

  /// A header's name from a constant of ours.
  static func name(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else {
      preconditionFailure("\(text) is a constant that names a header")
    }
    return name
  }
}

extension HTTPField.Name {
  static let xContentTypeOptions = ResponseHeaders.name("X-Content-Type-Options")
  static let referrerPolicy = ResponseHeaders.name("Referrer-Policy")
  static let contentSecurityPolicy = ResponseHeaders.name("Content-Security-Policy")
}
