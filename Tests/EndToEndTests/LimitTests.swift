// The bounds of what a client may send, at the bound and one over it, as bytes on a connection (SECURITY.md W20).

import FoundationEssentials
import TestSupport
import Testing
import WebClient

@Suite struct LimitTests {
  /// A server without a model, with a chatbot and a visitor's session.
  private struct Visited {
    let server: ServerTests.Server
    let port: UInt16
    let head: String

    init(_ bobbin: Installation) async throws {
      let file = try bobbin.folder.write("x", "x.txt")
      _ = try await bobbin.ingest("library", [file])
      server = try ServerTests.Server(bobbin)
      port = try #require(UInt16(server.base.split(separator: ":").last ?? ""))
      let visit = try #require(try await server.visit("library"))
      head =
        "POST /api/chat/\(visit.id)/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(visit.token)\r\n"
        + "Content-Type: application/json\r\nConnection: close\r\n"
    }

    /// What comes back for bytes of a connection of their own.
    func ask(_ text: String) throws -> String {
      let socket = try RawSocket(port: port)
      socket.send(text)
      return socket.receiveAll(within: 20)
    }

    func status(_ text: String) throws -> Int? {
      let answer = try ask(text)
      return answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// A question with its length before it, and one whose length shows only as it comes.
    func statuses(_ body: String) throws -> [Int?] {
      let whole = "\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      var pieces = ""
      var rest = Substring(body)
      while !rest.isEmpty {
        let piece = rest.prefix(1 << 14)
        pieces += "\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n"
        rest = rest.dropFirst(piece.count)
      }
      let chunked = "\(head)Transfer-Encoding: chunked\r\n\r\n\(pieces)0\r\n\r\n"
      return [try status(whole), try status(chunked)]
    }
  }

  @Test func `each bound holds at its edge, whether a length is said or not`() async throws {
    let visited = try await Visited(Installation(model: false))
    func padded(_ count: Int) -> String {
      let question = #"{"message":"hello"}"#
      return question + String(repeating: " ", count: count - question.utf8.count)
    }
    #expect(try visited.statuses(padded(64 << 10)) == [200, 200])
    #expect(try visited.statuses(padded((64 << 10) + 1)) == [413, 413])
    func message(_ count: Int) -> String {
      #"{"message":""# + String(repeating: "é", count: count / 2)
        + String(repeating: "e", count: count % 2) + #""}"#
    }
    #expect(try visited.statuses(message(4 << 10)) == [200, 200])
    #expect(try visited.statuses(message((4 << 10) + 1)) == [413, 413])
    func nested(_ depth: Int) -> String {
      // The object is a level of its own, and so is what stands in the innermost list.
      #"{"message":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        + "}"
    }
    // Read, and no message; not read.
    #expect(try visited.statuses(nested(31)) == [422, 422])
    #expect(try visited.statuses(nested(32)) == [400, 400])
    let target = "/livez?x="
    for (length, status) in [(8 << 10, 200), ((8 << 10) + 1, 414)] {
      let long = target + String(repeating: "a", count: length - target.utf8.count)
      #expect(
        try visited.status("GET \(long) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == status
      )
    }
    func fields(_ count: Int) throws -> Int? {
      try visited.status(
        "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          + (0..<count - 2).map { "X-\($0): a\r\n" }.joined() + "\r\n")
    }
    #expect(try fields(100) == 200 && fields(101) == 400)
    func field(_ count: Int) throws -> Int? {
      try visited.status(
        "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: "
          + String(repeating: "a", count: count) + "\r\n\r\n")
    }
    #expect(try field(15 << 10) == 200 && field(16 << 10) == 400)
    // The depth is counted before it is gone into: a stack would end long before this.
    let deep = String(repeating: "[", count: 60_000)
    #expect(try visited.statuses(deep) == [400, 400])
    #expect(try await visited.server.get("/livez").status == 200)
  }

  @Test func `a client that waits with its body is told to send it, or why not`() async throws {
    let visited = try await Visited(Installation(model: false))
    let body = #"{"message":"hello"}"#
    let wanted = try RawSocket(port: visited.port)
    wanted.send("\(visited.head)Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n")
    let told = "HTTP/1.1 100 Continue\r\n\r\n"
    #expect(wanted.receive(told.utf8.count, within: 20) == told)
    wanted.send(body)
    #expect(wanted.receiveAll(within: 20).hasPrefix("HTTP/1.1 200"))
    // Refused by its length, or by who sends it: the body never leaves its client.
    #expect(
      try visited.ask("\(visited.head)Content-Length: 65537\r\nExpect: 100-continue\r\n\r\n")
        .hasPrefix("HTTP/1.1 413"))
    #expect(
      try visited.ask(
        "POST /api/chatbots/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          + "Content-Type: application/json\r\nContent-Length: 70000\r\nExpect: 100-continue\r\n\r\n"
      ).hasPrefix("HTTP/1.1 401"))
    // Whether a short one comes all the same nobody knows: nothing else is read from that connection.
    let refused = try visited.ask(
      "POST /api/chatbots/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + "Content-Length: 70\r\nExpect: 100-continue\r\n\r\n")
    #expect(refused.hasPrefix("HTTP/1.1 401") && refused.lowercased().contains("connection: close"))
    // One of HTTP/1.0 knows no such answer.
    let old = visited.head.replacing("HTTP/1.1", with: "HTTP/1.0")
    #expect(
      try visited.ask(
        "\(old)Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n\(body)"
      ).hasPrefix("HTTP/1.1 200"))
  }
}
