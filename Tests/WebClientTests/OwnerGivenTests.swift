// What an owner's URL cannot reach: SECURITY.md S1 to S6 and S8.

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import WebClient

/// SECURITY.md S1: spellings of addresses and names that must not be reached.
let forbiddenURLs = [
  "http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://017700000001/",
  "http://0177.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0x7f.1/", "http://0/",
  "http://0.0.0.0/", "http://0300.0250.0.1/", "http://10.1/", "http://192.168.0.1/",
  "http://169.254.169.254/latest/meta-data/", "http://%31%32%37.0.0.1/", "http://[::]/",
  "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:a00:1]/",
  "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::7f00:1]/",
  "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::]/", "http://[fd00:ec2::254]/",
  "http://[fe80::1]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://localhost/",
  "http://LOCALHOST/", "http://localhost./", "http://foo.localhost/", "http://127.0.0.1./",
  "https://127.0.0.1/", "https://[::1]/",
]

struct OwnerGivenTests {
  private func send(
    _ url: String, _ policy: AddressPolicy = AddressPolicy(), resolver: NameResolver = .system
  ) async -> WebError? {
    let transport = WebTransport.curl(
      .ownerGiven(policy), limits: .patient, resolver: resolver)
    return await failure { () async throws(WebError) in
      try await transport.send(WebRequest(url: url))
    }
  }

  @Test(arguments: forbiddenURLs)
  func `a private address is refused in every spelling`(url: String) async {
    #expect(await send(url)?.reason == "blocked")
  }

  @Test(arguments: forbiddenURLs)
  func `the socket callback refuses it too, with curl left to itself`(url: String) async {
    let exchange = CurlLoop().start(
      ExchangePlan(
        url: url, host: "x", dial: .permitted(by: AddressPolicy()), userAgent: "test"))
    let error = await failure { () async throws(WebError) in try await exchange.head() }
    #expect(error?.reason == "blocked")
  }

  @Test(arguments: [
    "2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "127.1", "127.0.1", "0x7f.1",
    "localhost", "foo.localhost",
  ])
  func `the socket callback sees the true address`(host: String) async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    let loop = CurlLoop()
    let url = "http://\(host):\(server.port)/"
    var plan = ExchangePlan(
      url: url, host: host, dial: .exactly([.v4(0x7f00_0001)], port: server.port),
      userAgent: "test")
    #expect(try await loop.start(plan).head().status == 204)
    plan.dial = .exactly([.v4(0x7f00_0002)], port: server.port)
    let other = loop.start(plan)
    let error = await failure { () async throws(WebError) in try await other.head() }
    #expect(error?.reason == "blocked")
    #expect(server.connectionCount == 1)
  }

  @Test(arguments: [
    "file:///etc/passwd", "gopher://127.0.0.1:70/", "dict://127.0.0.1:11211/", "ftp://127.0.0.1/",
    "scp://127.0.0.1/x", "smb://127.0.0.1/x", "telnet://127.0.0.1/", "ldap://127.0.0.1/",
  ])
  func `another scheme is refused, by curl too`(url: String) async {
    #expect(await send(url)?.reason == "bad_url")
    let exchange = CurlLoop().start(
      ExchangePlan(url: url, host: "x", dial: .anywhere, userAgent: "test"))
    let error = await failure { () async throws(WebError) in try await exchange.head() }
    #expect(error?.reason == "bad_url")
  }

  @Test func `another port is refused`() async {
    for url in ["http://8.8.8.8:22/", "http://example.com:8080/", "https://example.com:25/"] {
      #expect(await send(url)?.reason == "bad_url")
    }
  }

  @Test func `an exception holds for its very host and port only`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    let policy = try AddressPolicy(exceptions: server.hostAndPort)
    #expect(await send(server.url("/"), policy) == nil)
    #expect(await send("http://2130706433:\(server.port)/", policy) == nil)
    #expect(await send("http://127.0.0.2:\(server.port)/", policy)?.reason == "bad_url")
    #expect(await send("http://127.0.0.1/", policy)?.reason == "blocked")
    #expect(await send("http://localhost:\(server.port)/", policy)?.reason == "bad_url")
    #expect(server.connectionCount == 2)
  }

  @Test(arguments: [
    ["8.8.8.8", "127.0.0.1"], ["10.0.0.1"], ["2606:4700::1111", "fd00::1"], ["::ffff:8.8.8.8"],
  ])
  func `one denied address condemns the name`(addresses: [String]) async {
    let resolver = NameResolver { _ in addresses.compactMap { IPAddress($0) } }
    #expect(await send("http://name.test/", resolver: resolver)?.reason == "blocked")
  }

  @Test func `a name that has moved since the first look is looked at again`() async throws {
    let looks = Mutex(0)
    let resolver = NameResolver { _ in
      let isFirst = looks.withLock { count in
        count += 1
        return count == 1
      }
      return isFirst ? [.v4(0x7f00_0001)] : [.v4(0x7f00_0002)]
    }
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    // "invalid" has no address: only the checked one can have been dialled, first and second.
    let policy = try AddressPolicy(exceptions: "name.invalid:\(server.port)")
    let transport = WebTransport.curl(
      .ownerGiven(policy), limits: .patient, resolver: resolver)
    let url = "http://name.invalid:\(server.port)/"
    #expect(try await transport.send(WebRequest(url: url)).status == 204)
    let error = await failure { () async throws(WebError) in
      try await transport.send(WebRequest(url: url))
    }
    #expect(error?.reason == "connection")
    #expect(server.connectionCount == 1)
    #expect(looks.withLock { $0 } == 2)
  }

  @Test func `all addresses of a name are tried`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    // Nothing listens on the first two; the third is ours.
    let resolver = NameResolver { _ in [.v6(0, 1), .v4(0x7f00_0002), .v4(0x7f00_0001)] }
    let policy = try AddressPolicy(exceptions: "name.invalid:\(server.port)")
    let url = "http://name.invalid:\(server.port)/"
    #expect(await send(url, policy, resolver: resolver) == nil)
    #expect(server.requests.first?.header("Host") == "name.invalid:\(server.port)")
  }

  @Test func `a refused address and an unknown name read the same`() async {
    let unknown = NameResolver { _ throws(NameResolver.Failure) in throw .unknown }
    let unavailable = NameResolver { _ throws(NameResolver.Failure) in throw .unavailable }
    let inside = NameResolver { _ in [.v4(0x0a00_0001)] }
    let url = "http://name.test/"
    let blocked = await send(url, resolver: inside)
    let missing = await send(url, resolver: unknown)
    let silent = await send(url, resolver: unavailable)
    #expect(blocked == missing)
    #expect(blocked?.description == silent?.description)
    #expect(blocked?.reason == silent?.reason)
    #expect(blocked?.description.contains("10.0") == false)
    #expect(blocked?.isTransient == false)
    #expect(silent?.isTransient == true)
  }

  @Test func `owners' requests take no open connection and leave none`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    let owner = try ownerTransport(server)
    for _ in 1...3 { _ = try await owner.send(WebRequest(url: server.url("/"))) }
    #expect(server.connectionCount == 3)
    let configured = WebTransport.curl(.configured)
    for _ in 1...3 { _ = try await configured.send(WebRequest(url: server.url("/"))) }
    #expect(server.connectionCount == 4)
    #expect(server.requests.count == 6)
  }

  @Test func `an owner's connection is closed after its answer`() async throws {
    let (closed, tell) = AsyncStream.makeStream(of: Bool.self)
    let server = try LoopbackServer { _, connection in
      connection.respond(204)
      tell.yield(connection.waitForClose(milliseconds: 5_000))
      tell.finish()
    }
    let owner = try ownerTransport(server)
    _ = try await owner.send(WebRequest(url: server.url("/")))
    for await isClosed in closed { #expect(isClosed) }
    // Keeps the pool alive until here: it is not the pool's end that has closed the connection.
    _ = try await owner.send(WebRequest(url: server.url("/")))
  }

  @Test func `a request on a kept connection is checked before it is sent`() async throws {
    let server = try LoopbackServer { _, connection in connection.respond(204) }
    let loop = CurlLoop()
    var plan = ExchangePlan(
      url: server.url("/"), host: "x", dial: .anywhere, isFresh: false, userAgent: "test")
    for _ in 1...2 {
      let exchange = loop.start(plan)
      _ = try await exchange.head()
      #expect(try await exchange.next() == nil)
    }
    #expect(server.connectionCount == 1)
    plan.dial = .permitted(by: AddressPolicy())
    let refused = loop.start(plan)
    let error = await failure { () async throws(WebError) in try await refused.head() }
    #expect(error?.reason == "blocked")
    #expect(server.requests.count == 2)
  }

  @Test func `a proxy named in the environment is not contacted`() async {
    // In a process of its own, for the environment is everyone's.
    await #expect(processExitsWith: .success) {
      let proxy = try LoopbackServer { _, connection in connection.respond(200) }
      let server = try LoopbackServer { _, connection in connection.respond(204) }
      for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        setenv(name, proxy.url("/"), 1)
      }
      for transport in [try ownerTransport(server), WebTransport.curl(.configured)] {
        let response = try await transport.send(WebRequest(url: server.url("/")))
        guard response.status == 204 else { exit(1) }
      }
      exit(proxy.connectionCount == 0 && server.connectionCount == 2 ? 0 : 1)
    }
  }
}
