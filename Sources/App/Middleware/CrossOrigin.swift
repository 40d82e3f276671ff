// Which pages of other origins may call the API (Fetch standard, "CORS protocol"). A visitor's chat may be called from anywhere,
// without credentials: its token is what opens it. Everything else is for our own pages.

import HTTPTypes
import Hummingbird

/// Answers preflights and marks answers.
struct CrossOrigin: RouterMiddleware {
  typealias Context = AppRequestContext

  let origin: RequestOrigin

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let isPreflight =
      request.method == .options
      && request.headers[ResponseHeaders.name("Access-Control-Request-Method")] != nil
    var response =
      isPreflight ? Response(status: .noContent) : try await next(request, context)
    if isPreflight { ResponseHeaders.add(to: &response, requestID: context.id) }
    let isChat = request.uri.path.hasPrefix("/api/chat/")
    if isChat {
      response.headers[.accessControlAllowOrigin] = "*"
    } else {
      response.headers[values: .vary].append("Origin")
      guard origin.isOurs(request) else { return response }
      response.headers[.accessControlAllowOrigin] = origin.own
    }
    if isPreflight {
      response.headers[.accessControlAllowMethods] = "GET, POST, PUT, PATCH, DELETE"
      response.headers[.accessControlAllowHeaders] =
        "Authorization, Content-Type, Accept, Idempotency-Key"
      response.headers[.accessControlMaxAge] = "600"
    } else {
      response.headers[.accessControlExposeHeaders] = "X-Request-Id, Retry-After, Location"
    }
    return response
  }
}
