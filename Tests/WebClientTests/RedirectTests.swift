// Redirects are followed by hand, each hop checked as if an owner had typed it.

import TestSupport
import Testing

@testable import WebClient

struct RedirectTests {
  private func sent(
    to location: String, limits: RequestLimits = .patient
  ) async throws -> (WebError?, LoopbackServer) {
    let server = try LoopbackServer { _, connection in
      connection.respond(302, ["Location: \(location)"])
    }
    let transport = try ownerTransport(server, limits: limits)
    let url = server.url("/")
    return (
      await failure { () async throws(WebError) in
        try await transport.send(WebRequest(url: url))
      }, server
    )
  }

  @Test(arguments: [
    ("http://169.254.169.254/latest/meta-data/", "blocked"), ("http://127.0.0.1/", "blocked"),
    ("//[::1]/", "blocked"), ("http://0x7f.1/", "blocked"), ("file:///etc/passwd", "bad_url"),
    ("gopher://127.0.0.1/", "bad_url"), ("http://user@example.com/", "bad_url"),
    ("http://127.0.0.1:1/", "bad_url"), ("http://[fe80::1%25lo]/", "bad_url"),
  ])
  func `a redirect to what may not be reached is refused`(
    location: String, reason: String
  ) async throws {
    let (error, server) = try await sent(to: location)
    #expect(error?.reason == reason)
    #expect(server.requests.count == 1)
  }

  @Test func `a loop ends after five redirects`() async throws {
    let (error, server) = try await sent(to: "/again")
    #expect(error == .tooManyRedirects(host: "127.0.0.1", limit: 5))
    #expect(server.requests.count == 6)
  }

  @Test func `five redirects are followed and the last URL is told`() async throws {
    let server = try LoopbackServer { request, connection in
      let count = request.path.count
      if count < 6 {
        connection.respond([301, 302, 303, 307, 308][count - 1], ["Location: \(request.path)a"])
      } else {
        connection.respond(200, body: Array("here".utf8))
      }
    }
    let response = try await ownerTransport(server).send(WebRequest(url: server.url("/")))
    #expect(response.finalURL == server.url("/aaaaa"))
    #expect(response.body == Array("here".utf8))
  }

  @Test func `a redirect that is not followed is the answer`() async throws {
    let server = try LoopbackServer { request, connection in
      connection.respond(302, request.path == "/bare" ? [] : ["Location: /next"])
    }
    let owner = try ownerTransport(server)
    #expect(try await owner.send(WebRequest(url: server.url("/bare"))).status == 302)
    let post = WebRequest(url: server.url("/"), method: "POST", body: [1])
    #expect(try await owner.send(post).status == 302)
    let configured = WebTransport.curl(.configured)
    #expect(try await configured.send(WebRequest(url: server.url("/"))).status == 302)
    #expect(server.requests.count == 3)
  }

  @Test func `keys do not travel to another origin`() async throws {
    let other = try LoopbackServer { _, connection in connection.respond(204) }
    let port = other.port
    let server = try LoopbackServer { request, connection in
      let location = request.path == "/" ? "/same" : "http://127.0.0.1:\(port)/other"
      connection.respond(302, ["Location: \(location)"])
    }
    let policy = try AddressPolicy(exceptions: "\(server.hostAndPort),\(other.hostAndPort)")
    let response = try await WebTransport.curl(.ownerGiven(policy), limits: .patient).send(
      WebRequest(
        url: server.url("/"),
        headers: ["Authorization": "Bearer secret", "X-Key": "k", "Accept": "text/html"]))
    #expect(response.finalURL == other.url("/other"))
    #expect(server.requests.map { $0.header("X-Key") } == ["k", "k"])
    #expect(server.requests.last?.header("Authorization") == "Bearer secret")
    let last = try #require(other.requests.first)
    #expect(last.header("Authorization") == nil)
    #expect(last.header("X-Key") == nil)
    #expect(last.header("Accept") == "text/html")
  }

  @Test func `https is never left for http`() throws {
    let url = try WebURL(parsing: "https://a.example/")
    func next(_ location: String) throws(WebError) -> WebURL? {
      try RedirectRule.next(
        after: Exchange.Head(status: 301, headers: ["Location": location]), from: url,
        method: "GET", followed: 0, limits: .ownerGiven)
    }
    #expect(throws: WebError.self) { try next("http://a.example/") }
    #expect(try next("https://b.example/")?.host == "b.example")
    #expect(try next("//b.example/")?.scheme == "https")
    let plain = try WebURL(parsing: "http://a.example/")
    let upgraded = try RedirectRule.next(
      after: Exchange.Head(status: 301, headers: ["Location": "https://a.example/"]), from: plain,
      method: "HEAD", followed: 4, limits: .ownerGiven)
    #expect(upgraded?.scheme == "https")
  }
}
