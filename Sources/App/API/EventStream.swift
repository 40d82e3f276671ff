// Server-sent events (WHATWG HTML, section 9.2): one place that knows how they are written, pinged and ended.

import HTTPTypes
import Hummingbird
import NIOCore

/// Answers that are streams of events.
enum EventStream {
  /// The reader has left.
  struct Gone: Error {}

  /// Writes events.
  struct Writer {
    fileprivate var body: any ResponseBodyWriter

    mutating func send(_ name: String, _ payload: some Encodable) async throws {
      var buffer = ByteBuffer(string: "event: \(name)\ndata: ")
      buffer.writeBytes(JSONText.encode(payload))
      buffer.writeString("\n\n")
      try await write(buffer)
    }

    /// A comment, which keeps the connection from looking silent.
    mutating func ping() async throws { try await write(ByteBuffer(string: ": ping\n\n")) }

    /// After how many milliseconds a reader whose stream ended asks again.
    mutating func retry(milliseconds: Int) async throws {
      try await write(ByteBuffer(string: "retry: \(milliseconds)\n\n"))
    }

    private mutating func write(_ buffer: ByteBuffer) async throws {
      do {
        try await body.write(buffer)
      } catch {
        throw Gone()
      }
    }
  }

  /// An answer whose events `write` sends.
  static func response(
    _ write: @escaping @Sendable (inout Writer) async throws -> Void
  ) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "text/event-stream", .cacheControl: "no-store",
        // A buffering proxy would hold events back.
        ResponseHeaders.name("X-Accel-Buffering"): "no",
      ],
      body: ResponseBody { body in
        var writer = Writer(body: body)
        try await write(&writer)
        try await body.finish(nil)
      })
  }
}
