// The only wiring of the reading half; read this first. Configuration in, a server that runs until it is asked to stop out.

package import AnswerGuard
package import Answering
import BlobStore
import FoundationEssentials
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Spool
package import Storage
import UnixSignals
import VectorShard
import WebClient

/// What the reading half is made of, wired once.
package struct Services: Sendable {
  package let configuration: Configuration
  package let database: AppDatabase
  package let answerer: Answerer
  /// Evaluations, with the same model in memory.
  package let quality: QualityCheck
  /// The language model of leak tests; nil when none is set.
  ///
  /// What it fails at is remembered apart: a test that overloads the endpoint must not take the model from visitors.
  package let testModel: LanguageModel?
  /// Words that are no secret, for the gate.
  package let vocabulary: @Sendable () async -> CommonVocabulary

  /// Opens the database and prepares everything else to be opened at first use.
  package init(_ configuration: Configuration) throws {
    self.configuration = configuration
    database = try AppDatabase(path: "\(configuration.data)/bobbin.sqlite")
    let embedder = LazyEmbedder(configuration)
    let logger = Logger(label: "bobbin")
    let vocabularies = Vocabularies(modelDirectory: configuration.modelDirectory)
    vocabulary = { await vocabularies.vocabulary() }
    func model() -> LanguageModel? {
      configuration.modelBaseURL.map { base in
        RemoteLanguageModel(
          baseURL: base, apiKey: configuration.modelKey, model: configuration.modelName,
          limits: configuration.replyLimits
        ).languageModel(
          transport: .curl(.configured), memory: EndpointMemory(configuration.modelBreaker))
      }
    }
    testModel = model()
    answerer = Answerer(
      shards: ShardCache(root: "\(configuration.data)/shards", byteLimit: 8 << 30),
      embedder: { try await embedder.embedder() }, model: model(),
      vocabulary: vocabulary,
      report: { error in logger.warning("model", metadata: ["error": "\(error)"]) })
    quality = QualityCheck(
      database: database, data: configuration.data, embedder: { try await embedder.embedder() })
  }
}

extension Services {
  /// What judges generations that wait for it.
  ///
  /// - Parameter report: told of trouble.
  package func gatekeeper(report: @escaping @Sendable (String) -> Void) -> Gatekeeper {
    Gatekeeper(
      database: database, training: Training(spool: configuration.spool, database: database),
      quality: quality, report: report)
  }
}

/// All routes with what stands behind them.
struct Routes {
  let router: Router<AppRequestContext>
  let table: RouteTable
  let mail: MailService
  let sender: DeliverySender
  let metrics = Metrics()

  /// - Parameter publicURL: scheme, host and port that people use.
  /// - Parameter clock: milliseconds since 1970 UTC; tests have their own.
  /// - Parameter stripe: the way to Stripe; tests have their own.
  init(
    _ services: Services, publicURL: String, logger: Logger,
    clock: @escaping @Sendable () -> Int = WallClock.now, stripe: WebTransport? = nil
  ) throws {
    let configuration = services.configuration
    let database = services.database
    let secrets = try SecretKeys.load(data: configuration.data, text: configuration.secretKeys)
    let tokens = TokenSigner(secrets, issuer: publicURL)
    let origin = RequestOrigin(own: publicURL)
    mail = MailService(
      database: database, data: configuration.data, way: configuration.mailWay,
      from: configuration.mailFrom,
      publicURL: publicURL, logger: logger)
    sender = DeliverySender(
      database: database, secrets: secrets, policy: configuration.addressPolicy, mail: mail)
    let reservations = TokenReservations()
    let chat = ChatController(
      database: database, answerer: services.answerer, hasModel: configuration.modelBaseURL != nil,
      tokens: tokens, mail: mail,
      publicOrigin: publicURL, reservations: reservations)
    let pages = try PageSet.provider(configuration.pageFiles)
    let page = PageController(
      database: database, pages: pages, chat: chat,
      hasProvider: configuration.openID != nil, hasRegistration: configuration.signups == .open,
      hasModel: configuration.modelBaseURL != nil)
    router = Router(context: AppRequestContext.self)
    router.add(middleware: RequestHead())
    router.add(middleware: ExpectedBody())
    router.add(middleware: CrossOrigin(origin: origin))
    router.add(middleware: ResponseHeaders(missingPage: page.missing))
    router.add(middleware: ClientAddress(trustedProxies: configuration.trustedProxies))
    var table = RouteTable(router: router, database: database, clock: clock)
    let access = Accesses(database: database, tokens: tokens, clock: clock)
    HealthController(database: database, configuration: configuration)
      .addRoutes(to: &table, access)
    let payments = configuration.stripe.map { settings in
      Payments(
        database: database, settings: settings, transport: stripe ?? .curl(.configured),
        publicURL: publicURL, logger: logger, clock: clock)
    }
    let signIn = SignInController(
      database: database, hasher: PasswordHasher(cost: configuration.bcryptCost),
      signIn: SignIn(database: database, tokens: tokens, derivation: secrets.derivation),
      mail: mail, signups: configuration.signups, origin: origin, payments: payments)
    signIn.addRoutes(to: &table, access)
    ProviderController(
      database: database,
      provider: configuration.openID.map { OpenIDProvider($0, transport: .curl(.configured)) },
      signIn: signIn, secret: secrets.derivation, publicURL: publicURL
    ).addRoutes(to: &table, access)
    KeyController(database: database).addRoutes(to: &table, access)
    ChatbotController(
      database: database, publicURL: publicURL, policy: configuration.addressPolicy
    ).addRoutes(to: &table, access)
    ArchiveController(
      database: database, data: configuration.data, publicURL: publicURL,
      policy: configuration.addressPolicy
    ).addRoutes(to: &table, access)
    let uploads = Uploads(blobs: DirectoryBlobs(data: configuration.data))
    SourceController(
      database: database, uploads: uploads,
      data: configuration.data, policy: configuration.addressPolicy,
      prices: configuration.tokenPrices
    ).addRoutes(to: &table, access)
    let training = Training(spool: configuration.spool, database: database)
    let runs = RunController(
      database: database, training: training,
      spool: configuration.spool, data: configuration.data,
      board: SpoolBoard(spool: configuration.spool, database: database),
      prices: configuration.tokenPrices)
    runs.addRoutes(to: &table, access)
    ReportController(database: database).addRoutes(to: &table, access)
    CaptionsController(database: database, uploads: uploads, runs: runs)
      .addRoutes(to: &table, access)
    GenerationController(database: database, training: training, data: configuration.data)
      .addRoutes(to: &table, access)
    QuestionController(database: database).addRoutes(to: &table, access)
    DocumentController(
      database: database, spool: configuration.spool, data: configuration.data, runs: runs
    ).addRoutes(to: &table, access)
    SessionController(database: database).addRoutes(to: &table, access)
    LeadController(database: database).addRoutes(to: &table, access)
    CRMController(database: database, sender: sender).addRoutes(to: &table, access)
    ContactController(
      database: database, secrets: sender.secrets,
      mapping: try configuration.contactMapping.map { try ContactMapping(path: $0) }
    ).addRoutes(to: &table, access)
    AddressController(database: database, mail: mail).addRoutes(to: &table, access)
    ConversationController(database: database).addRoutes(to: &table, access)
    GateController(database: database).addRoutes(to: &table, access)
    LeakTestController(services, prices: configuration.tokenPrices, logger: logger)
      .addRoutes(to: &table, access)
    TraceController(
      database: database, data: configuration.data, prices: configuration.tokenPrices
    ).addRoutes(to: &table, access)
    GuidanceController(services, reservations: reservations, logger: logger)
      .addRoutes(to: &table, access)
    UsageController(database: database, prices: configuration.tokenPrices)
      .addRoutes(to: &table, access)
    BillingController(
      database: database, payments: payments, prices: configuration.planPrices
    ).addRoutes(to: &table, access)
    let view = OperatorView(configuration, database: database)
    AdminController(database: database, mail: mail, publicURL: publicURL, view: view)
      .addRoutes(to: &table, access)
    AdminDetailController(database: database, view: view).addRoutes(to: &table, access)
    AdminSpoolController(
      database: database, configuration: configuration, audit: AuditTrail(database: database),
      view: view
    ).addRoutes(to: &table, access)
    chat.addRoutes(to: &table, access)
    page.addRoutes(to: &table, access)
    AssetController(pages: pages).addRoutes(to: &table, access)
    DescriptionController(publicURL: publicURL).addRoutes(to: &table, access)
    table.refuseOtherMethods()
    self.table = table
  }

  /// What a request is called in logs and metrics: of a bounded number of names, whatever is asked for.
  static func name(_ request: Request, _ context: AppRequestContext) -> String {
    guard let pattern = context.endpointPath else { return "other" }
    let path = pattern.split(separator: "/").map { part in
      part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
    }.joined(separator: "/")
    return "\(request.method.rawValue) /\(path)"
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
    let (configuration, database) = (services.configuration, services.database)
    var logger = Logger(label: "bobbin")
    logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .notice
    let limits = ConnectionLimits(trusted: configuration.trustedProxies)
    let connections = ConnectionCount()
    let routes = try Routes(services, publicURL: configuration.publicURL, logger: logger)
    let http = HTTPService(
      socket: ListeningSocket.handedOver(ProcessInfo.processInfo.environment)
        ?? .address(host: configuration.host, port: configuration.port),
      responder: routes.router.buildResponder(),
      log: RequestLog(metrics: routes.metrics, name: Routes.name),
      handlers: { [SlowClientHandler(limits, connections)] },
      idleTimeout: configuration.idleTimeout, maxConnections: configuration.maxConnections,
      logger: logger, ready: ready)
    // Ended from the last to the first: what is under way is answered before letters and ledger stop.
    var services: [any Service] = [
      routes.mail, DeliveryService(sender: routes.sender, logger: logger),
      LedgerService(
        drain: LedgerDrain(spool: configuration.spool, database: services.database),
        training: Training(spool: configuration.spool, database: services.database),
        janitor: Janitor(spool: configuration.spool, database: services.database),
        removals: Removals(
          data: configuration.data, spool: configuration.spool, database: services.database),
        guidance: GuidanceReview(data: configuration.data, database: services.database),
        database: services.database, logger: logger),
      EvaluationService(gatekeeper: services.gatekeeper { [logger] in logger.error("\($0)") }),
    ]
    if configuration.metricsPort > 0 {
      let metrics = MetricsServer(
        metrics: routes.metrics, database: database, configuration: configuration)
      services.append(metrics.application(logger: logger))
    }
    services.append(http)
    let group = ServiceGroup(
      configuration: .init(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }
}
