// How a connection ends when the server does: at its next answer, which says so, and never between a question and its answer.
// Closing every idle connection at once, as Hummingbird would, loses the requests that are on their way at that moment.

import HTTPTypes
import NIOCore
import NIOExtras
import NIOHTTPTypes

/// Ends one connection in good order; lives on its event loop.
final class ConnectionEndHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// How long a connection without a request may still bring one.
  private let grace: TimeAmount
  private var isEnding = false
  /// Whether the answer that is being written has said that it is the last.
  private var isSaid = false
  private var requests = 0
  private var timer: Scheduled<Void>?

  /// - Parameter grace: a client that is busy asks again within it and is told to connect anew.
  init(grace: TimeAmount = .seconds(1)) { self.grace = grace }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent, requests > 0 {
      // Who closes while being answered has gone: nothing is written to nobody.
      return context.close(promise: nil)
    }
    guard event is ChannelShouldQuiesceEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    isEnding = true
    if requests == 0 { close(context, after: grace) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head = unwrapInboundIn(data) {
      requests += 1
      timer?.cancel()
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head) where isEnding:
      head.headerFields[.connection] = "close"
      isSaid = true
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .end:
      requests -= 1
      guard isEnding, requests <= 0 else { return context.write(data, promise: promise) }
      let written = promise ?? context.eventLoop.makePromise(of: Void.self)
      let bound = context.loopBound
      let isLast = isSaid
      // Time begins when the answer is out: a slow reader gets all of it.
      written.futureResult.assumeIsolated().whenComplete { _ in
        // Half of it first: closing both ways while a byte is unread would take the answer back (RFC 9112 section 9.6). An
        // answer whose head was out before the end began has not said so: its client may ask once more.
        if isLast { bound.value.close(mode: .output, promise: nil) }
        if self.requests <= 0 { self.close(bound.value, after: self.grace) }
      }
      context.writeAndFlush(data, promise: written)
    case .head, .body: context.write(data, promise: promise)
    }
  }

  private func close(_ context: ChannelHandlerContext, after time: TimeAmount) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
      context.close(promise: nil)
    }
  }
}
