// Bodies that are read while they come: pieces, back-pressure, cancellation.

import TestSupport
import Testing

@testable import WebClient

struct WebStreamTests {
  private let transport = WebTransport.curl(.configured)

  /// A server whose endless body tells through a stream when its client has gone.
  private func endless() throws -> (LoopbackServer, AsyncStream<Void>) {
    let (gone, tell) = AsyncStream.makeStream(of: Void.self)
    let server = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      while connection.write("5\r\nhello\r\n") {}
      tell.finish()
    }
    return (server, gone)
  }

  @Test func `a piece comes before the body is whole`() async throws {
    let release = Gate()
    let server = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
      release.wait()
      connection.write("6\r\nsecond\r\n0\r\n\r\n")
    }
    let stream = try await transport.stream(WebRequest(url: server.url("/a")))
    #expect(stream.status == 200)
    #expect(stream.finalURL == server.url("/a"))
    var pieces = stream.body.makeAsyncIterator()
    #expect(try await pieces.next() == Array("first".utf8))
    release.open()
    #expect(try await pieces.next() == Array("second".utf8))
    #expect(try await pieces.next() == nil)
    #expect(try await pieces.next() == nil)
  }

  @Test func `a body larger than the buffer comes whole and in order`() async throws {
    let server = try LoopbackServer { _, connection in
      connection.respond(
        200, body: (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) })
    }
    let stream = try await transport.stream(WebRequest(url: server.url("/")))
    var count = 0
    var wrong = 0
    for try await piece in stream.body {
      for byte in piece {
        if byte != UInt8(truncatingIfNeeded: count &* 31 >> 7) { wrong += 1 }
        count += 1
      }
      await Task.yield()
    }
    #expect(count == 3 << 20)
    #expect(wrong == 0)
  }

  @Test func `a full buffer takes no more until it is read`() async throws {
    let exchange = Exchange(id: 0, host: "x", loop: CurlLoop())
    let piece = [UInt8](repeating: 7, count: 16 << 10)
    var taken = 0
    while piece.withUnsafeBytes({ exchange.offer($0) }) { taken += 1 }
    #expect(taken == Exchange.capacity / piece.count)
    #expect(try await exchange.next() == piece)
    #expect(piece.withUnsafeBytes { exchange.offer($0) })
    #expect(!piece.withUnsafeBytes { exchange.offer($0) })
  }

  @Test func `a stream that breaks ends with an error after what came`() async throws {
    let server = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      shutdownWriting(connection)
    }
    let stream = try await transport.stream(WebRequest(url: server.url("/")))
    var got: [UInt8] = []
    await #expect(throws: WebError.self) {
      for try await piece in stream.body { got += piece }
    }
    #expect(got == Array("abc".utf8))
  }

  @Test func `cancelling the reader closes the connection`() async throws {
    let (server, gone) = try endless()
    let transport = transport
    let url = server.url("/")
    let (hasBegun, tell) = AsyncStream.makeStream(of: Void.self)
    let reader = Task {
      let stream = try await transport.stream(WebRequest(url: url))
      for try await _ in stream.body { tell.finish() }
    }
    for await _ in hasBegun {}
    reader.cancel()
    for await _ in gone {}
    // The unfolding stream ends or throws, according to where the cancellation met it.
    _ = await reader.result
  }

  @Test func `cancelling a whole request closes the connection`() async throws {
    let (server, gone) = try endless()
    let transport = transport
    let request = WebRequest(
      url: server.url("/"), limits: RequestLimits(total: nil, bodyBytes: 1 << 40))
    let reader = Task { try await transport.send(request) }
    try await server.waitForRequest()
    reader.cancel()
    for await _ in gone {}
    await #expect(throws: WebError.cancelled) { try await reader.value }
  }

  @Test func `a request cancelled before it begins is not sent`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    let transport = transport
    let url = server.url("/")
    let release = AsyncStream.makeStream(of: Void.self)
    let reader = Task {
      for await _ in release.stream {}
      return try await transport.send(WebRequest(url: url))
    }
    reader.cancel()
    release.continuation.finish()
    await #expect(throws: WebError.cancelled) { try await reader.value }
    #expect(server.connectionCount == 0)
  }

  @Test func `dropping a stream unread closes the connection`() async throws {
    let (server, gone) = try endless()
    var stream: WebStream? = try await transport.stream(WebRequest(url: server.url("/")))
    #expect(stream?.status == 200)
    stream = nil
    for await _ in gone {}
  }

  @Test func `a stream outlives the transport that made it`() async throws {
    let release = Gate()
    let server = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
      release.wait()
      connection.write("cd")
    }
    let stream = try await WebTransport.curl(.configured).stream(
      WebRequest(url: server.url("/")))
    release.open()
    var got: [UInt8] = []
    for try await piece in stream.body { got += piece }
    #expect(got == Array("abcd".utf8))
  }

  @Test func `server-sent events are read from the stream`() async throws {
    let server = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
      connection.write("data: one\n\ndata: tw")
      connection.write("o\n\ndata: [DONE]\n\ndata: unfinished\n")
      shutdownWriting(connection)
    }
    let stream = try await transport.stream(WebRequest(url: server.url("/")))
    var data: [String] = []
    for try await event in stream.events { data.append(event.data) }
    #expect(data == ["one", "two", "[DONE]"])
  }
}
