import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import App

@Suite struct SlowClientTests {
  private static let head = HTTPRequestPart.head(
    HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/"))

  private func connection(_ limits: ConnectionLimits = ConnectionLimits()) async throws
    -> (NIOAsyncTestingChannel, NIOAsyncTestingEventLoop)
  {
    let loop = NIOAsyncTestingEventLoop()
    let connections = ConnectionCount()
    let channel = try await NIOAsyncTestingChannel(loop: loop) { channel in
      try channel.pipeline.syncOperations.addHandler(SlowClientHandler(limits, connections))
    }
    try await channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 1)).get()
    return (channel, loop)
  }

  @Test func `a request has to begin in time`() async throws {
    let (channel, loop) = try await connection()
    await loop.advanceTime(by: .seconds(29))
    #expect(channel.isActive)
    await loop.advanceTime(by: .seconds(2))
    #expect(!channel.isActive)
  }

  @Test func `a body has to come at some rate`() async throws {
    let (channel, loop) = try await connection()
    try await channel.writeInbound(Self.head)
    for _ in 0..<20 {
      try await channel.writeInbound(
        HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 8 << 10)))
      await loop.advanceTime(by: .seconds(10))
      #expect(channel.isActive)
    }
    try await channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 10)))
    await loop.advanceTime(by: .seconds(11))
    #expect(!channel.isActive)
  }

  @Test func `our own time is not the client's`() async throws {
    let (channel, loop) = try await connection()
    try await channel.writeInbound(Self.head)
    try await channel.writeInbound(HTTPRequestPart.end(nil))
    await loop.advanceTime(by: .seconds(600))
    #expect(channel.isActive)
    try await channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
    try await channel.writeOutbound(HTTPResponsePart.end(nil))
    await loop.advanceTime(by: .seconds(31))
    #expect(!channel.isActive)
  }

  @Test func `a request behind another keeps its time too`() async throws {
    let (channel, loop) = try await connection()
    for _ in 0..<2 {
      try await channel.writeInbound(Self.head)
      try await channel.writeInbound(HTTPRequestPart.end(nil))
    }
    try await channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
    try await channel.writeOutbound(HTTPResponsePart.end(nil))
    await loop.advanceTime(by: .seconds(600))
    #expect(channel.isActive)
  }

  @Test func `a request that was answered early leaves no connection without an end`()
    async throws
  {
    let (channel, loop) = try await connection()
    try await channel.writeInbound(Self.head)
    try await channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .notFound)))
    try await channel.writeOutbound(HTTPResponsePart.end(nil))
    try await channel.writeInbound(HTTPRequestPart.end(nil))
    await loop.advanceTime(by: .seconds(31))
    #expect(!channel.isActive)
  }

  @Test func `one address has so many connections and no more`() {
    let connections = ConnectionCount()
    for _ in 0..<3 { #expect(connections.open("a", limit: 3)) }
    #expect(!connections.open("a", limit: 3))
    #expect(connections.open("b", limit: 3))
    connections.close("a")
    #expect(connections.open("a", limit: 3))
  }
}
