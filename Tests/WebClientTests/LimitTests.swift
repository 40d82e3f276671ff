// Servers that send too much, too slowly, or not HTTP: SECURITY.md S7.

import FoundationEssentials
import TestSupport
import Testing

@testable import WebClient

struct LimitTests {
  private func failed(
    _ limits: RequestLimits = .patient, _ script: @escaping LoopbackServer.Script
  ) async throws -> WebError? {
    let server = try LoopbackServer(script)
    let transport = try ownerTransport(server, limits: limits)
    let url = server.url("/")
    return await failure { () async throws(WebError) in
      try await transport.send(WebRequest(url: url))
    }
  }

  @Test func `a small file that inflates beyond the limit is refused`() async throws {
    let bomb = try [UInt8](Data(contentsOf: URL(filePath: fixtures() + "/web/bomb.gz")))
    let error = try await failed { _, connection in
      connection.respond(200, ["Content-Encoding: gzip"], body: bomb)
    }
    #expect(error == .tooLarge(host: "127.0.0.1", part: .body, limit: 10 << 20))
    let server = try LoopbackServer { _, connection in
      connection.respond(200, ["Content-Encoding: gzip"], body: bomb)
    }
    let whole = try await ownerTransport(server, limits: .patient(bodyBytes: 16 << 20))
      .send(WebRequest(url: server.url("/")))
    #expect(whole.body.count == 16 << 20)
  }

  @Test func `chunks without end are cut at the limit`() async throws {
    let error = try await failed(.patient(bodyBytes: 1 << 20)) { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"
      while connection.write(chunk) {}
    }
    #expect(error == .tooLarge(host: "127.0.0.1", part: .body, limit: 1 << 20))
  }

  @Test func `a body at its limit passes and one byte more does not`() async throws {
    let limits = RequestLimits.patient(bodyBytes: 1_000)
    for count in [1_000, 1_001] {
      for isDeclared in [true, false] {
        let error = try await failed(limits) { _, connection in
          if isDeclared {
            connection.respond(200, body: [UInt8](repeating: 1, count: count))
          } else {
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.write(String(count, radix: 16) + "\r\n")
            connection.write([UInt8](repeating: 1, count: count))
            connection.write("\r\n0\r\n\r\n")
          }
        }
        #expect(error?.reason == (count == 1_000 ? nil : "too_large"))
      }
    }
  }

  @Test func `header lines without end are cut at the limit`() async throws {
    let error = try await failed { _, connection in
      connection.write("HTTP/1.1 200 OK\r\n")
      while connection.write("X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n") {}
    }
    #expect(error == .tooLarge(host: "127.0.0.1", part: .headers, limit: 64 << 10))
  }

  @Test func `one header line without end is cut`() async throws {
    let error = try await failed { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nX-Long: ")
      while connection.write(String(repeating: "a", count: 4_096)) {}
    }
    #expect(error?.reason == "too_large")
  }

  @Test func `interim responses without end are cut`() async throws {
    let error = try await failed { _, connection in
      while connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") {}
    }
    #expect(error?.reason == "too_large")
  }

  @Test func `trailers count as headers`() async throws {
    let error = try await failed { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
      while connection.write("X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n") {}
    }
    #expect(error?.reason == "too_large")
  }

  @Test func `a body that drips is ended`() async throws {
    let limits = RequestLimits(minimumBytesPerSecond: 10_000, rateWindow: .milliseconds(150))
    let error = try await failed(limits) { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
      while !connection.waitForClose(milliseconds: 5), connection.write("x") {}
    }
    #expect(error?.reason == "timeout")
  }

  @Test func `header lines that drip are ended`() async throws {
    let limits = RequestLimits(minimumBytesPerSecond: 10_000, rateWindow: .milliseconds(150))
    let error = try await failed(limits) { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nX: ")
      while !connection.waitForClose(milliseconds: 5), connection.write("x") {}
    }
    #expect(error?.reason == "timeout")
  }

  @Test func `a server that says nothing is left`() async throws {
    let error = try await failed(RequestLimits(firstByte: .milliseconds(100))) { _, connection in
      _ = connection.waitForClose(milliseconds: -1)
    }
    #expect(error == .timeout(host: "127.0.0.1", waitingFor: .firstByte))
    #expect(error?.isTransient == true)
  }

  @Test func `a request that takes too long in all is ended`() async throws {
    let error = try await failed(RequestLimits(total: .milliseconds(100))) { _, connection in
      connection.write("HTTP/1.1 200 OK\r\n\r\n")
      while !connection.waitForClose(milliseconds: 5), connection.write("xxxxxxxx") {}
    }
    #expect(error?.reason == "timeout")
  }

  @Test func `silence in the middle is ended`() async throws {
    let error = try await failed(RequestLimits(idle: .milliseconds(100))) { _, connection in
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      _ = connection.waitForClose(milliseconds: -1)
    }
    #expect(error == .timeout(host: "127.0.0.1", waitingFor: .data))
  }

  @Test func `the total time counts over all redirects`() async throws {
    let limits = RequestLimits(total: .milliseconds(200), redirects: 1_000_000)
    let error = try await failed(limits) { _, connection in
      connection.respond(302, ["Location: /again"])
    }
    #expect(error?.reason == "timeout")
  }

  @Test func `a name that does not resolve in time is left`() async throws {
    let resolver = NameResolver { _ in
      // Ends when the test's request has given up on it.
      try? await Task.sleep(for: .seconds(600))
      return []
    }
    let transport = WebTransport.curl(
      .ownerGiven(AddressPolicy()), limits: RequestLimits(connect: .milliseconds(50)),
      resolver: resolver)
    let error = await failure { () async throws(WebError) in
      try await transport.send(WebRequest(url: "http://slow.test/"))
    }
    #expect(error == .timeout(host: "slow.test", waitingFor: .name))
  }

  @Test(arguments: [
    ("", "connection"), ("hello, this is no HTTP\r\n\r\n", "protocol_error"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "connection"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "connection"),
    ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabcde", "protocol_error"),
    ("HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\n\r\nabcde", "protocol_error"),
  ])
  func `a broken answer is an error, not a page`(answer: String, reason: String) async throws {
    let error = try await failed { _, connection in
      connection.write(answer)
      shutdownWriting(connection)
    }
    #expect(error?.reason == reason)
    #expect(error?.description.contains("rot13") == false)
  }

  @Test func `nobody listening is a failed connection`() async throws {
    var server: LoopbackServer? = try LoopbackServer { _, _ in }
    let transport = try ownerTransport(#require(server))
    let url = try #require(server).url("/")
    server = nil
    let error = await failure { () async throws(WebError) in
      try await transport.send(WebRequest(url: url))
    }
    #expect(error?.reason == "connection")
    #expect(error?.isTransient == true)
  }

  @Test func `a TLS handshake that does not end counts as connecting`() async throws {
    let server = try LoopbackServer { _, _ in }
    let transport = try ownerTransport(server)
    // The server takes the handshake for a head and waits for its end.
    let request = WebRequest(
      url: "https://\(server.hostAndPort)/", limits: RequestLimits(connect: .milliseconds(100)))
    let error = await failure { () async throws(WebError) in try await transport.send(request) }
    #expect(error == .timeout(host: "127.0.0.1", waitingFor: .connection))
  }
}
