// How an answer's end is told to the client (RFC 9112 section 6), and what of a request's head only the wire shows: its version
// and its target. Sits between the parser, which knows the version, and the codec, which forgets it. In NIO's own framing, which
// is turned off for it, a HEAD would be answered with the end of a chunked body that the client does not expect.

import HTTPTypes
import NIOCore
import NIOHTTP1

/// Frames the answers of one connection; lives on its event loop.
final class MessageFramingHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// What has to be known of a request while it is answered.
  private struct Question {
    let isHead: Bool
    /// Whether its client knows chunks.
    let isModern: Bool
    let isLast: Bool
  }

  /// Requests without the end of an answer, oldest first.
  private var questions: [Question] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data) else {
      return context.fireChannelRead(data)
    }
    let isModern = (head.version.major, head.version.minor) >= (1, 1)
    // Section 9.3: a client of HTTP/1.0 has to ask for a second request, and need not be given it.
    let isLast =
      !isModern
      || head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "close" }
    if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    // Such a client knows no answer before the answer (RFC 9110 section 10.1.1).
    if !isModern { head.headers.remove(name: "Expect") }
    // Section 3.2 asks a Host of HTTP/1.1 only; an empty one says that there is none.
    if !isModern, !head.headers.contains(name: "Host") { head.headers.add(name: "Host", value: "") }
    if head.uri.utf8.count > RequestHead.targetLimit {
      // The codec keeps the path alone of a target with scheme and host: this one is as much too long, and is not parsed.
      head.uri = "/" + String(repeating: "-", count: RequestHead.targetLimit)
    }
    questions.append(Question(isHead: head.method == .HEAD, isModern: isModern, isLast: isLast))
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let question = questions.first
    switch unwrapOutboundIn(data) {
    case .head(var head):
      // What comes before the answer has no body and does not end it.
      if head.status.code >= 200 { frame(&head, question) }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      // Section 6.3: whatever was written, an answer to HEAD ends with its head.
      guard question?.isHead != true else {
        promise?.succeed()
        return
      }
      context.write(data, promise: promise)
    case .end:
      if !questions.isEmpty { questions.removeFirst() }
      context.write(data, promise: promise)
    }
  }

  private func frame(_ head: inout HTTPResponseHead, _ question: Question?) {
    if question?.isLast == true { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    head.headers.remove(name: "Transfer-Encoding")
    guard head.status.mayHaveResponseBody else {
      head.headers.remove(name: "Content-Length")
      return
    }
    guard question?.isHead != true, !head.headers.contains(name: "Content-Length") else { return }
    // A client of HTTP/1.0 takes the connection's end for the answer's (section 6.3, 8).
    if question?.isModern != false {
      head.headers.add(name: "Transfer-Encoding", value: "chunked")
    }
  }
}
