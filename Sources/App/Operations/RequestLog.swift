// One line and one count for each request: its route, not its address; its status and time, not who asked. The outermost
// middleware, so that it sees what is sent.

import HTTPTypes
import Hummingbird
import Logging

/// Logs and counts.
struct RequestLog: RouterMiddleware {
  typealias Context = AppRequestContext

  let metrics: Metrics
  /// What a request is called, once it has met its route.
  let name: @Sendable (Request, AppRequestContext) -> String

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    metrics.begin()
    let started = ContinuousClock.now
    let response = try await next(request, context)
    let route = name(request, context)
    let status = response.status.code
    var logged = response
    let body = response.body
    let metrics = metrics
    // Counted when the last byte has gone, or cannot go any more: a stream takes as long as it takes.
    logged.body = ResponseBody(contentLength: body.contentLength) { writer in
      do {
        try await body.write(writer)
      } catch {
        finish(route, status, started, context, metrics)
        throw error
      }
      finish(route, status, started, context, metrics)
    }
    return logged
  }

  private func finish(
    _ route: String, _ status: Int, _ started: ContinuousClock.Instant, _ context: Context,
    _ metrics: Metrics
  ) {
    let took = (ContinuousClock.now - started).components
    let seconds = Double(took.seconds) + Double(took.attoseconds) / 1e18
    metrics.end(route: route, status: status, seconds: seconds)
    context.logger.info(
      "request",
      metadata: [
        "route": "\(route)", "status": "\(status)", "ms": "\(Int(seconds * 1000))",
      ])
  }
}
