// The only wiring of the reading half; read this first. Configuration in, a server that runs until it is asked to stop out.

package import Answering
import Hummingbird
import Logging
import NIOCore
import Spool
package import Storage
import VectorShard
import WebClient

/// What the reading half is made of, wired once.
package struct Services: Sendable {
  package let configuration: Configuration
  package let database: AppDatabase
  package let answerer: Answerer

  /// Opens the database and prepares everything else to be opened at first use.
  package init(_ configuration: Configuration) throws {
    self.configuration = configuration
    database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    let embedder = LazyEmbedder(configuration)
    let logger = Logger(label: "bobbin")
    let model = configuration.modelBaseURL.map { base in
      RemoteLanguageModel(
        baseURL: base, apiKey: configuration.modelKey, model: configuration.modelName
      ).languageModel(transport: .curl(.configured))
    }
    answerer = Answerer(
      shards: ShardCache(root: "\(configuration.data)/shards", byteLimit: 8 << 30),
      embedder: { try await embedder.embedder() }, model: model,
      report: { error in logger.warning("model", metadata: ["error": "\(error)"]) })
  }
}

/// The HTTP server.
package enum Server {
  /// Serves until SIGTERM or SIGINT, then finishes what is under way.
  ///
  /// - Parameter ready: told the port once connections are accepted.
  package static func run(
    _ services: Services, ready: @escaping @Sendable (Int) async -> Void
  ) async throws {
    var logger = Logger(label: "bobbin")
    logger.logLevel = .notice
    let configuration = services.configuration
    let router = Router(context: AppRequestContext.self)
    router.add(middleware: ResponseHeaders())
    HealthController(database: services.database, configuration: configuration)
      .addRoutes(to: router)
    ChatController(database: services.database, answerer: services.answerer)
      .addRoutes(to: router)
    PageController(database: services.database, templates: try Templates()).addRoutes(to: router)
    AssetController().addRoutes(to: router)
    let application = Application(
      router: router,
      server: .http1(
        configuration: .init(
          idleTimeout: .seconds(Int64(configuration.idleTimeout)),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))),
      configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
      services: [
        LedgerService(
          drain: LedgerDrain(spool: configuration.spool, database: services.database),
          training: Training(spool: configuration.spool, database: services.database),
          janitor: Janitor(spool: configuration.spool, database: services.database),
          logger: logger)
      ],
      onServerRunning: { channel in await ready(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await application.runService()
  }
}
