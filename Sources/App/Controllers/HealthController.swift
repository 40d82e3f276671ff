// Probes: alive (the process answers) and ready (it could do its work).

import Answering
import Hummingbird
import Logging
import Spool
import Storage

/// `/livez`, `/readyz`, `/healthz`.
struct HealthController {
  let database: AppDatabase
  let configuration: Configuration

  func addRoutes(to router: Router<AppRequestContext>) {
    router.get("livez") { _, _ in Self.text(.ok, "ok\n") }
    for path in ["readyz", "healthz"] {
      router.get(RouterPath(path)) { _, context in await ready(context) }
    }
  }

  /// No detail without login: the log says what is wrong.
  private func ready(_ context: AppRequestContext) async -> Response {
    do {
      try await database.probe()
      try DiskReserve.check(configuration.data)
      try SpoolDirectory(spool: configuration.spool, stage: "ledger").prepare()
      return Self.text(.ok, "ok\n")
    } catch {
      context.logger.warning("not ready", metadata: ["error": "\(error)"])
      return Self.text(.serviceUnavailable, "not ready\n")
    }
  }

  private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: .init(string: text)))
  }
}
