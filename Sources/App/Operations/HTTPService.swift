// The HTTP server as a service: Hummingbird's router and connections behind a socket that may be handed over, and an end that
// breaks no answer. Hummingbird's own server can only bind an address and closes idle connections at once.

import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves HTTP until it is asked to stop, then finishes what is under way.
struct HTTPService<Responder: HTTPResponder>: Service
where Responder.Context == AppRequestContext {
  let socket: ListeningSocket
  let responder: Responder
  let log: RequestLog
  /// Handlers of each connection, besides ours.
  let handlers: @Sendable () -> [any RemovableChannelHandler]
  /// Seconds.
  let idleTimeout: Int
  let maxConnections: Int
  let logger: Logger
  /// Told the port once connections are accepted.
  let ready: @Sendable (Int) async -> Void

  /// An answer that could not be written to its end; the connection is closed without another.
  private struct BrokenAnswer: Error {}

  func run() async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let quiescing = ServerQuiescingHelper(group: group)
    let connections = connections()
    let server = try await listen(quiescing)
    let logger = logger
    try await withGracefulShutdownHandler {
      await ready(server.channel.localAddress?.port ?? 0)
      try await withThrowingDiscardingTaskGroup { tasks in
        try await server.executeThenClose { inbound in
          for try await connection in inbound {
            tasks.addTask(executorPreference: LoopExecutor(connection.channel.eventLoop)) {
              await connections.handle(value: connection, logger: logger)
            }
          }
        }
      }
    } onGracefulShutdown: {
      // First no more are taken from the queue; those just taken reach their handlers before the channel closes, which would
      // drop them without an answer.
      server.channel.setOption(.autoRead, value: false).whenComplete { _ in
        server.channel.eventLoop.scheduleTask(in: .milliseconds(200)) {
          quiescing.initiateShutdown(promise: nil)
        }
      }
    }
  }

  private func listen(
    _ quiescing: ServerQuiescingHelper
  ) async throws -> NIOAsyncChannel<HTTP1Channel.Value, Never> {
    let maximum = maxConnections
    let (handlers, idle, logger) = (handlers, idleTimeout, logger)
    let setUp: @Sendable (any Channel) throws -> HTTP1Channel.Value = { channel in
      // Of what a reader is too slow to take the kernel holds no more than this: a thousand readers of a few bytes a second had
      // it copy and keep a gigabyte (tcp(7), TCP_NOTSENT_LOWAT). A socket of another kind than TCP has no such option.
      try? channel.syncOptions?.setOption(
        .tcpOption(NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)), value: 128 << 10)
      try HTTPPipeline.add(to: channel.pipeline.syncOperations, handlers())
      try channel.pipeline.syncOperations.addHandler(
        HTTPConnectionStateHandler(idleTimeout: .seconds(idle), logger: logger))
      return try NIOAsyncChannel(
        wrappingChannelSynchronously: channel,
        configuration: .init(isOutboundHalfClosureEnabled: true))
    }
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(ChannelOptions.backlog, value: 1024)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            AvailableConnectionsChannelHandler(maxConnections: maximum),
            quiescing.makeServerChannelHandler(channel: channel))
        }
      }
    switch socket {
    case .address(let host, let port):
      return try await bootstrap.bind(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try setUp(channel) }
      }
    case .handedOver(let descriptor):
      return try await bootstrap.bind(descriptor) { channel in
        channel.eventLoop.makeCompletedFuture { try setUp(channel) }
      }
    }
  }

  private func connections() -> HTTP1Channel {
    let (responder, log, logger, date) = (responder, log, logger, DateHeader())
    return HTTP1Channel(
      // Only what answers requests is taken from it: how a connection is set up is ours.
      responder: { request, writer, channel in
        var logger = logger
        logger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
        let context = AppRequestContext(source: .init(channel: channel, logger: logger))
        let begun = log.begin()
        var response: Response
        do {
          response = try await responder.respond(to: request, context: context)
        } catch let error as HTTPParserError {
          log.end(request, context, status: .badRequest, begun: begun)
          throw error
        } catch {
          logger.error("request", metadata: ["error": "\(error)"])
          response = Response(status: .internalServerError)
        }
        response.headers[.date] = date.text()
        defer { log.end(request, context, status: response.status, begun: begun) }
        do {
          try await writer.write(response: response.head, body: response.body)
        } catch is HTTPParserError {
          throw BrokenAnswer()
        }
      })
  }
}

/// Runs a connection's requests on the thread that reads and writes it.
///
/// A request and its answer otherwise change threads twice more, which costs a fifth of the questions a second. All routes but
/// those that say so (`Route.staysOnLoop`) go to the shared pool by themselves.
private final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}

/// What stands between the bytes of a connection and the requests made of them.
enum HTTPPipeline {
  /// Adds parser, framing, codec and the handlers of requests, in this order.
  static func add(
    to pipeline: ChannelPipeline.SynchronousOperations, _ handlers: [any RemovableChannelHandler]
  ) throws {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 16 << 10
    limits.maxHeaderListSize = 16 << 10
    limits.maxHeaderFieldCount = 100
    var encoding = HTTPResponseEncoder.Configuration()
    encoding.automaticallySetFramingHeaders = false
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: false, withErrorHandling: false,
      withOutboundHeaderValidation: false, withEncoderConfiguration: encoding,
      withDecoderLimitConfiguration: limits)
    try pipeline.addHandler(MessageFramingHandler())
    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
    try pipeline.addHandlers(handlers + [ConnectionEndHandler()])
  }
}

/// The `Date` field of answers, made once a second.
private final class DateHeader: Sendable {
  private let last = Mutex<(second: Int, text: String)>((0, ""))

  /// As in RFC 9110 section 5.6.7.
  func text() -> String {
    let second = time(nil)
    return last.withLock { last in
      if last.second != second { last = (second, Self.text(second)) }
      return last.text
    }
  }

  private static func text(_ second: time_t) -> String {
    var second = second
    var parts = tm()
    guard gmtime_r(&second, &parts) != nil else { return "" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
      guard let start = buffer.baseAddress,
        strftime(start, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0
      else { return "" }
      return String(cString: start)
    }
  }
}
