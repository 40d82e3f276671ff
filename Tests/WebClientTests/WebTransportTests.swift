// Requests through libcurl to a server on loopback: the normal course.

import TestSupport
import Testing

@testable import WebClient

struct WebTransportTests {
  @Test func `a page comes with its status, headers, body and type`() async throws {
    let server = try LoopbackServer { request, connection in
      connection.respond(
        200, ["Content-Type: Text/HTML; charset=\"UTF-8\"", "X-Two: a", "x-two: b"],
        body: Array("<p>hello</p>".utf8))
    }
    let response = try await ownerTransport(server).send(
      WebRequest(url: server.url("/page?q=1#part"), headers: ["Accept": "text/html"]))
    #expect(response.status == 200)
    #expect(response.body == Array("<p>hello</p>".utf8))
    #expect(response.mediaType == "text/html")
    #expect(response.charset == "utf-8")
    #expect(response.headers["X-TWO"] == "a")
    #expect(response.headers.values("X-Two") == ["a", "b"])
    #expect(response.finalURL == server.url("/page?q=1"))
    let request = try #require(server.requests.first)
    #expect(request.path == "/page?q=1")
    #expect(request.header("User-Agent") == "Bobbin/1 (+https://example.org/bot)")
    #expect(request.header("Accept") == "text/html")
    #expect(request.header("Host") == server.hostAndPort)
  }

  @Test func `a status of 404 is a response`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(404) }
    let response = try await ownerTransport(server).send(WebRequest(url: server.url("/")))
    #expect(response.status == 404)
    #expect(response.body.isEmpty)
    #expect(response.mediaType == nil)
  }

  @Test(arguments: ["POST", "PUT", "PATCH"])
  func `a body is sent with its method and length`(method: String) async throws {
    let server = try LoopbackServer { request, connection in
      connection.respond(200, body: request.body)
    }
    let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    let response = try await WebTransport.curl(.configured).send(
      WebRequest(
        url: server.url("/"), method: method, headers: ["Content-Type": "x/y"], body: body))
    #expect(response.body == body)
    let request = try #require(server.requests.first)
    #expect(request.method == method)
    #expect(request.header("Content-Type") == "x/y")
    #expect(request.header("Expect") == nil)
  }

  @Test func `an empty body is sent as one`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    let response = try await WebTransport.curl(.configured).send(
      WebRequest(url: server.url("/"), method: "POST", body: []))
    #expect(response.status == 204)
    #expect(server.requests.first?.header("Content-Length") == "0")
  }

  @Test func `HEAD asks for no body and DELETE sends none`() async throws {
    let server = try LoopbackServer { request, connection in
      if request.method == "HEAD" {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
      } else {
        connection.respond(200)
      }
    }
    let transport = WebTransport.curl(.configured)
    let head = try await transport.send(WebRequest(url: server.url("/"), method: "HEAD"))
    #expect(head.headers["content-length"] == "99999999999")
    let deleted = try await transport.send(WebRequest(url: server.url("/"), method: "DELETE"))
    #expect(deleted.status == 200)
    #expect(server.requests.map(\.method) == ["HEAD", "DELETE"])
  }

  @Test func `an interim response is not the answer`() async throws {
    let server = try LoopbackServer { _, connection in
      connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
      connection.respond(200, ["X-Real: yes"])
    }
    let response = try await ownerTransport(server).send(WebRequest(url: server.url("/")))
    #expect(response.status == 200)
    #expect(response.headers["X-Real"] == "yes")
    #expect(response.headers["Link"] == nil)
  }

  @Test func `many requests run at once on one loop`() async throws {
    let server = try LoopbackServer { request, connection in
      connection.respond(200, body: Array(request.path.utf8))
    }
    let transport = WebTransport.curl(.configured)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<50 {
        let url = server.url("/\(number)")
        group.addTask {
          let response = try await transport.send(WebRequest(url: url))
          return response.body == Array("/\(number)".utf8)
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test func `a header that would split the request is refused`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(200) }
    let transport = try ownerTransport(server)
    let url = server.url("/")
    for headers: WebHeaders in [
      ["X": "a\r\nY: b"], ["X\r\n": "a"], ["X": "a\nb"], ["": "a"], ["a b": "c"], ["X": "a\0"],
    ] {
      let error = await failure { () async throws(WebError) in
        try await transport.send(WebRequest(url: url, headers: headers))
      }
      #expect(error?.reason == "bad_url")
    }
    let error = await failure { () async throws(WebError) in
      try await transport.send(WebRequest(url: url, method: "GET / HTTP/1.1\r\nX:"))
    }
    #expect(error?.reason == "bad_url")
    #expect(server.connectionCount == 0)
  }
}
