// How a connection ends when the server does: at its next answer, which says so, and never between a question and its answer.
// Closing every idle connection at once, as Hummingbird would, loses the requests that are on their way at that moment.
// It ends the same way after an answer that was given before a large body had been read: nobody reads on for its sake.

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

  /// Bytes of an unread body that are read on for the sake of the connection.
  private static let unreadLimit = 64 << 10

  /// How long a connection without a request may still bring one.
  private let grace: TimeAmount
  /// How long what is left of an unread body is thrown away, so that its client finds the time to read the answer.
  private let lingering: TimeAmount
  private var isEnding = false
  /// Whether the answer that is being written has said that it is the last.
  private var isSaid = false
  private var requests = 0
  /// Whether the last request's body is held back until it is asked for (RFC 9110 section 10.1.1), and it was not.
  private var isHeldBack = false
  /// Bytes of the last request's body that are still to come, if it says so; nil once it has come to its end.
  private var unread: Int?
  private var timer: Scheduled<Void>?

  /// - Parameter grace: a client that is busy asks again within it and is told to connect anew.
  init(grace: TimeAmount = .seconds(1), lingering: TimeAmount = .seconds(5)) {
    self.grace = grace
    self.lingering = lingering
  }

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
    switch unwrapInboundIn(data) {
    case .head(let head):
      requests += 1
      timer?.cancel()
      unread = head.headerFields[.contentLength].flatMap { Int($0) } ?? Int.max
      isHeldBack = head.headerFields[.expect]?.lowercased() == "100-continue"
    case .body(let buffer):
      isHeldBack = false
      unread = unread.map { $0 == Int.max ? $0 : $0 - buffer.readableBytes }
    case .end: unread = nil
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head) where head.status == .continue:
      isHeldBack = false
      context.write(data, promise: promise)
    case .head(var head) where head.status.code >= 200 && (isEnding || leavesTooMuch(head)):
      head.headerFields[.connection] = "close"
      isSaid = true
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .end:
      requests -= 1
      guard isEnding || isSaid, requests <= 0 else {
        return context.write(data, promise: promise)
      }
      let written = promise ?? context.eventLoop.makePromise(of: Void.self)
      let bound = context.loopBound
      let isLast = isSaid
      let time = unread == nil ? grace : lingering
      // Time begins when the answer is out: a slow reader gets all of it.
      written.futureResult.assumeIsolated().whenComplete { _ in
        // Half of it first: closing both ways while a byte is unread would take the answer back (RFC 9112 section 9.6). An
        // answer whose head was out before the end began has not said so: its client may ask once more.
        if isLast { bound.value.close(mode: .output, promise: nil) }
        if self.requests <= 0 { self.close(bound.value, after: time) }
      }
      context.writeAndFlush(data, promise: written)
    case .head, .body: context.write(data, promise: promise)
    }
  }

  /// Whether an answer comes while more of its question is still to come than is worth reading.
  private func leavesTooMuch(_ head: HTTPResponse) -> Bool {
    guard let unread, requests == 1 else { return false }
    // Whether a body that nobody asked for still comes is the client's choice: what follows cannot be told from it.
    return head.status == .contentTooLarge || unread > Self.unreadLimit || isHeldBack
  }

  private func close(_ context: ChannelHandlerContext, after time: TimeAmount) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
      context.close(promise: nil)
    }
  }
}
