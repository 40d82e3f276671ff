// Ends connections that hold a place and send next to nothing (SECURITY.md W21). The idle timeout of the server counts a byte as
// life; this counts whole request heads and a least rate for bodies, and how many connections one address holds.

import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Bounds for connections.
struct ConnectionLimits: Sendable {
  /// Seconds from the opening of a connection, or the end of an answer, to the next request's first byte.
  var idle = 30
  /// Seconds from that byte to the end of the request's head.
  var head = 10
  /// Seconds between looks at a body's progress.
  var look = 10
  /// Bytes of a body that must have come between two looks.
  var bytesPerLook = 4 << 10
  /// Seconds for which a reader may take nothing of an answer.
  var reading = 60
  /// Connections at once from one address; trusted proxies have no bound.
  var perAddress = 256
  var trusted: Set<String> = []
}

/// Connections by address, shared by all of them.
final class ConnectionCount: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// Counts one more; false when that is too many.
  func open(_ address: String, limit: Int) -> Bool {
    counts.withLock { counts in
      let count = counts[address, default: 0] + 1
      guard count <= limit else { return false }
      counts[address] = count
      return true
    }
  }

  func close(_ address: String) {
    counts.withLock { counts in
      let count = counts[address, default: 0] - 1
      counts[address] = count > 0 ? count : nil
    }
  }
}

/// Watches one connection; lives on its event loop.
final class SlowClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private enum Place {
    /// No byte of a request has come yet.
    case between
    case head
    case request
  }

  private let limits: ConnectionLimits
  private let connections: ConnectionCount
  private var countedAddress: String?
  private var timer: Scheduled<Void>?
  /// What the next bytes belong to.
  private var place = Place.between
  /// Requests whose answer has not come to its end.
  private var unanswered = 0
  private var readTimer: Scheduled<Void>?
  private var bodyBytes = 0

  init(_ limits: ConnectionLimits, _ connections: ConnectionCount) {
    self.limits = limits
    self.connections = connections
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if let peer = context.remoteAddress?.ipAddress, !limits.trusted.contains(peer) {
      let address = AddressKey.key(peer)
      guard connections.open(address, limit: limits.perAddress) else {
        return context.close(promise: nil)
      }
      countedAddress = address
    }
    awaitRequest(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    readTimer?.cancel()
    if let countedAddress { connections.close(countedAddress) }
    countedAddress = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      place = .request
      unanswered += 1
      bodyBytes = 0
      awaitBody(context)
    case .body(let buffer): bodyBytes += buffer.readableBytes
    case .end:
      // It may have been answered before it was read.
      guard unanswered > 0 else { awaitRequest(context); break }
      // The answer's time is ours.
      timer?.cancel()
      timer = nil
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Bytes have come and no head has: the parser holds the beginning of one. What drips after it does not put the end off.
    if place == .between {
      place = .head
      close(context, after: limits.head)
    }
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      readTimer?.cancel()
      readTimer = nil
    } else if readTimer == nil {
      readTimer = context.eventLoop.assumeIsolated().scheduleTask(
        in: .seconds(Int64(limits.reading))
      ) { context.close(promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) {
      unanswered -= 1
      if unanswered <= 0 { awaitRequest(context) }
    }
    context.write(data, promise: promise)
  }

  private func awaitRequest(_ context: ChannelHandlerContext) {
    place = .between
    close(context, after: limits.idle)
  }

  private func close(_ context: ChannelHandlerContext, after seconds: Int) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(seconds))) {
      context.close(promise: nil)
    }
  }

  private func awaitBody(_ context: ChannelHandlerContext) {
    timer?.cancel()
    let before = bodyBytes
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(limits.look))) {
      // A body that waits for us is not slow: then nothing is asked for.
      if self.bodyBytes - before < self.limits.bytesPerLook, context.channel.isWritable {
        context.close(promise: nil)
      } else {
        self.awaitBody(context)
      }
    }
  }
}
