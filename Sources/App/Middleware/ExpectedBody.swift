// A client may announce a large body and wait with it until it is wanted (`Expect: 100-continue`, RFC 9110 section 10.1.1): curl does
// so from a megabyte on, and some proxies. It is told to go on when the body is first read, so what is refused by its head, its
// sign-in or its length is not sent at all; one who is told nothing sends it a second later in any case.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Tells clients that wait when to send their body.
struct ExpectedBody: RouterMiddleware {
  typealias Context = AppRequestContext

  private static let expect = ResponseHeaders.name("Expect")

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard request.headers[Self.expect]?.lowercased() == "100-continue" else {
      return try await next(request, context)
    }
    var request = request
    request.body = RequestBody(
      asyncSequence: AskedFor(body: request.body, channel: context.channel))
    return try await next(request, context)
  }

  /// A body whose client is told to send it when it is first waited for.
  private struct AskedFor: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    let channel: any Channel

    struct Iterator: AsyncIteratorProtocol {
      var body: RequestBody.AsyncIterator
      /// Nil once it was told.
      var channel: (any Channel)?

      mutating func next() async throws -> ByteBuffer? {
        if let channel {
          self.channel = nil
          // Its failure is the connection's, which the body is about to meet.
          channel.writeAndFlush(
            HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
        }
        return try await body.next()
      }
    }

    func makeAsyncIterator() -> Iterator {
      Iterator(body: body.makeAsyncIterator(), channel: channel)
    }
  }
}
