// Probes: alive (the process answers) and ready (it could do its work).

import Embedding
import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Spool
import Storage

/// What must be so for the server to do its work.
enum Readiness {
  /// Each check by name; it throws when it fails.
  static func checks(
    database: AppDatabase, configuration: Configuration
  ) -> [(name: String, check: @Sendable () async throws -> Void)] {
    [
      ("database", { try await database.probe() }),
      ("disk", { try await BlockingWork.run { try DiskReserve.check(configuration.data) } }),
      ("spool", { try await BlockingWork.run { try checkSpool(configuration.spool) } }),
      ("shards", { try await BlockingWork.run { try checkShards(configuration.data) } }),
      ("model", { try await BlockingWork.run { try checkModel(configuration) } }),
    ]
  }

  /// That runs can be begun and receipts taken: a file system of its own may be full, or read-only, by itself.
  private static func checkSpool(_ spool: String) throws {
    for stage in ["ledger", "fetch"] {
      let directory = SpoolDirectory(spool: spool, stage: stage)
      try directory.prepare()
      let path = directory.directory(.incoming)
      guard access(path, W_OK | X_OK) == 0 else {
        throw SpoolError.system("write", path, errno)
      }
    }
    try DiskReserve.check(spool)
  }

  /// That shards can be found: none yet is well, a directory that cannot be read is not.
  private static func checkShards(_ data: String) throws {
    let path = "\(data)/shards"
    guard DurableFile.exists(path) else { return }
    guard access(path, R_OK | X_OK) == 0 else { throw SpoolError.system("read", path, errno) }
    _ = try FileManager.default.contentsOfDirectory(atPath: path)
  }
}

extension Readiness {
  /// That questions can be embedded once there is something to answer from; a model that is asked for by HTTP is `bobbin doctor`'s
  /// matter, for a probe must not hang on another's server.
  private static func checkModel(_ configuration: Configuration) throws {
    let shards = "\(configuration.data)/shards"
    guard configuration.embeddingBaseURL == nil, DurableFile.exists(shards),
      try !FileManager.default.contentsOfDirectory(atPath: shards).isEmpty
    else { return }
    for name in MiniLM.fileNames {
      let path = "\(configuration.modelDirectory)/\(name)"
      guard access(path, R_OK) == 0 else { throw SpoolError.system("read", path, errno) }
    }
  }
}

/// `/livez`, `/readyz`, `/healthz`.
struct HealthController: Sendable {
  let database: AppDatabase
  let configuration: Configuration

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let plain = AnswerShape.media(["text/plain"])
    routes.add(
      Route(.get, "/livez", "Whether the process answers.", answers: [plain]), for: access.any
    ) { _, _ in Self.text(.ok, "ok\n") }
    let unready = AnswerShape.media(["text/plain"], 503, "Not ready; the log says why.")
    for path in ["/readyz", "/healthz"] {
      routes.add(
        Route(.get, path, "Whether it could do its work.", answers: [plain, unready]),
        for: access.any
      ) { call, _ in await ready(call.context) }
    }
  }

  /// No detail without login: the log says what is wrong.
  private func ready(_ context: AppRequestContext) async -> Response {
    do {
      for (_, check) in Readiness.checks(database: database, configuration: configuration) {
        try await check()
      }
      return Self.text(.ok, "ok\n")
    } catch {
      context.logger.warning("not ready", metadata: ["error": "\(error)"])
      return Self.text(.serviceUnavailable, "not ready\n")
    }
  }

  private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(
      status: status,
      headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: .init(string: text)))
  }
}
