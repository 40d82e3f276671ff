// One line and one count for each request: its route, not its address; its status and time, not who asked. Outside of all
// middleware, where the last byte is seen to go; a middleware would have to wrap each body, and a wrapped body leaves in three
// writes instead of one.

import HTTPTypes
import Hummingbird
import Logging

/// Logs and counts.
struct RequestLog: Sendable {
  let metrics: Metrics
  /// What a request is called, once it has met its route.
  let name: @Sendable (Request, AppRequestContext) -> String

  /// Counts a request that has come in.
  func begin() -> ContinuousClock.Instant {
    metrics.begin()
    return .now
  }

  /// Counts and notes a request whose last byte has gone, or cannot go any more: a stream takes as long as it takes.
  func end(
    _ request: Request, _ context: AppRequestContext, status: HTTPResponse.Status,
    begun: ContinuousClock.Instant
  ) {
    let route = name(request, context)
    let took = (ContinuousClock.now - begun).components
    let seconds = Double(took.seconds) + Double(took.attoseconds) / 1e18
    metrics.end(route: route, status: status.code, seconds: seconds)
    context.logger.info(
      "request",
      metadata: [
        "route": "\(route)", "status": "\(status.code)", "ms": "\(Int(seconds * 1000))",
      ])
  }
}
