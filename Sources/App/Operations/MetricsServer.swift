// /metrics on a port of its own, which only the operator's collector reaches: requests, and at each look what stands in the
// spool and in the outbox, the size of the database's log, the free space.

import Corpus
import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Spool
import Storage

/// Makes the second server.
struct MetricsServer: Sendable {
  let metrics: Metrics
  let database: AppDatabase
  let configuration: Configuration

  func application(logger: Logger) -> some ApplicationProtocol {
    let router = Router()
    router.add(middleware: PlainErrors())
    router.on("metrics", method: .get) { _, _ in
      let text = metrics.text() + gauges(try await database.outbox(now: WallClock.now()))
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
    return Application(
      router: router,
      configuration: .init(address: .hostname("127.0.0.1", port: configuration.metricsPort)),
      logger: logger)
  }

  private struct PlainErrors: RouterMiddleware {
    typealias Context = BasicRequestContext
    func handle(
      _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
      do { return try await next(request, context) } catch {
        return Response(status: AppError(error).status)
      }
    }
  }

  /// What is there at this moment.
  ///
  /// - Parameter outbox: messages to CRMs that are due, and since when, ms since 1970 UTC.
  func gauges(_ outbox: (due: Int, oldest: Int?)) -> String {
    var lines = [
      "# HELP bobbin_spool_items Items by stage and state.", "# TYPE bobbin_spool_items gauge",
    ]
    for stage in PipelineStage.names + ["ledger"] {
      let directory = SpoolDirectory(spool: configuration.spool, stage: stage)
      for state in SpoolState.allCases where state != .tmp {
        // A stage that never ran has no directory.
        let count = (try? directory.items(state).count) ?? 0
        lines.append("bobbin_spool_items{stage=\"\(stage)\",state=\"\(state.rawValue)\"} \(count)")
      }
    }
    func gauge(_ name: String, _ help: String, _ value: Int) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge", "\(name) \(value)"]
    }
    gauge(
      "bobbin_database_log_bytes", "Size of the database's write-ahead log.",
      NamedBlob.length("\(configuration.data)/bobbin.sqlite-wal") ?? 0)
    gauge("bobbin_outbox_due", "Messages to CRMs that are due.", outbox.due)
    gauge(
      "bobbin_outbox_age_seconds", "How long the oldest of these has been due.",
      outbox.oldest.map { max(0, WallClock.now() - $0) / 1000 } ?? 0)
    var disk = statvfs()
    if statvfs(configuration.data, &disk) == 0 {
      gauge(
        "bobbin_disk_free_bytes", "Free space where the data directory is.",
        Int(disk.f_bavail) * Int(disk.f_frsize))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
