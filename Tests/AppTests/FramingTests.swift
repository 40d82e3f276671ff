import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import App

/// What goes over a connection, byte by byte.
@Suite struct FramingTests {
  private static let stream = HTTPResponse(
    status: .ok, headerFields: [.contentType: "text/event-stream"])

  /// A connection with what a server's has, short of what answers.
  private func connection() async throws -> (NIOAsyncTestingChannel, NIOAsyncTestingEventLoop) {
    let loop = NIOAsyncTestingEventLoop()
    let channel = try await NIOAsyncTestingChannel(loop: loop) { channel in
      try HTTPPipeline.add(
        to: channel.pipeline.syncOperations,
        [SlowClientHandler(ConnectionLimits(), ConnectionCount())])
    }
    try await channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 1)).get()
    return (channel, loop)
  }

  private func ask(_ channel: NIOAsyncTestingChannel, _ text: String) async throws {
    try await channel.writeInbound(ByteBuffer(string: text))
  }

  /// The head that was made of what was sent.
  private func head(_ channel: NIOAsyncTestingChannel) async throws -> HTTPRequest? {
    while let part = try await channel.readInbound(as: HTTPRequestPart.self) {
      if case .head(let head) = part { return head }
    }
    return nil
  }

  /// Writes an answer and reads all that was sent.
  private func answer(
    _ channel: NIOAsyncTestingChannel, _ head: HTTPResponse, _ pieces: [String] = []
  ) async throws -> String {
    try await channel.writeOutbound(HTTPResponsePart.head(head))
    for piece in pieces {
      try await channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: piece)))
    }
    try await channel.writeOutbound(HTTPResponsePart.end(nil))
    var text = ""
    while let data = try await channel.readOutbound(as: IOData.self) {
      if case .byteBuffer(let buffer) = data { text += String(buffer: buffer) }
    }
    return text
  }

  @Test func `a stream is in chunks for HTTP 1.1, and HEAD of it has its head alone`() async throws
  {
    let (channel, _) = try await connection()
    try await ask(channel, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    let streamed = try await answer(channel, Self.stream, ["abc"])
    #expect(streamed.lowercased().contains("transfer-encoding: chunked"))
    #expect(streamed.hasSuffix("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
    try await ask(channel, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    let head = try await answer(channel, Self.stream).lowercased()
    #expect(head.hasSuffix("content-type: text/event-stream\r\n\r\n"), "\(head)")
    #expect(!head.contains("content-length") && !head.contains("transfer-encoding"))
    // The connection goes on, and a known length is told.
    try await ask(channel, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    let known = try await answer(
      channel, HTTPResponse(status: .ok, headerFields: [.contentLength: "7"]), ["1234567"])
    #expect(known.lowercased().hasSuffix("content-length: 7\r\n\r\n"), "\(known)")
    #expect(channel.isActive)
  }

  @Test func `a client of HTTP 1.0 gets no chunks and a connection that ends`() async throws {
    let (channel, _) = try await connection()
    try await ask(channel, "GET / HTTP/1.0\r\n\r\n")
    let asked = try await head(channel)
    // What the server goes by to end it; and no Host is no fault here.
    #expect(asked?.headerFields[.connection] == "close" && asked?.authority == "")
    let text = try await answer(channel, Self.stream, ["abc", "def"])
    #expect(text.hasSuffix("\r\n\r\nabcdef"))
    #expect(text.lowercased().contains("connection: close"))
    #expect(!text.lowercased().contains("transfer-encoding"))
  }

  @Test func `a connection that was asked to end says so, however it was spelled`() async throws {
    let (channel, _) = try await connection()
    try await ask(channel, "GET / HTTP/1.1\r\nHost: x\r\nConnection: TE, Close\r\n\r\n")
    #expect(try await head(channel)?.headerFields[.connection] == "close")
    #expect(try await answer(channel, Self.stream).lowercased().contains("connection: close"))
  }

  @Test func `a target is as long as it came, in whatever form`() async throws {
    let (channel, _) = try await connection()
    let name = String(repeating: "a", count: RequestHead.targetLimit)
    try await ask(channel, "GET http://\(name)/ HTTP/1.1\r\nHost: x\r\n\r\n")
    let length = try await head(channel)?.path?.utf8.count ?? 0
    #expect(length > RequestHead.targetLimit)
  }

  @Test(arguments: [
    // Refused for its size, refused for another reason with much left, of unknown length.
    (413, "Content-Length: 65537", true), (401, "Content-Length: 100000", true),
    (401, "Transfer-Encoding: chunked", true), (401, "Content-Length: 100", false),
  ])
  func `an answer before the end of a large body ends the connection`(
    status: Int, length: String, ends: Bool
  ) async throws {
    let (channel, loop) = try await connection()
    try await ask(channel, "POST / HTTP/1.1\r\nHost: x\r\n\(length)\r\n\r\n")
    let text = try await answer(
      channel, HTTPResponse(status: .init(code: status), headerFields: [.contentLength: "0"]))
    #expect(text.lowercased().contains("connection: close") == ends)
    await loop.advanceTime(by: .seconds(6))
    #expect(channel.isActive == !ends)
  }

  @Test func `a body that is nearly here is read, and the connection goes on`() async throws {
    let (channel, _) = try await connection()
    try await ask(channel, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    try await ask(channel, String(repeating: "a", count: 99_000))
    let text = try await answer(
      channel, HTTPResponse(status: .notFound, headerFields: [.contentLength: "0"]))
    #expect(!text.lowercased().contains("connection: close"))
  }

  @Test func `a head has ten seconds from its first byte, however it drips`() async throws {
    let (channel, loop) = try await connection()
    await loop.advanceTime(by: .seconds(29))
    #expect(channel.isActive)
    try await ask(channel, "GET / HT")
    for letter in "TP/1.1\r\nX" {
      await loop.advanceTime(by: .seconds(1))
      #expect(channel.isActive)
      try await ask(channel, String(letter))
    }
    await loop.advanceTime(by: .seconds(2))
    #expect(!channel.isActive)
  }
}
