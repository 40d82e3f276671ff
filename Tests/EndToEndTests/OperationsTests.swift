import Foundation
import Glibc
import TestSupport
import Testing
import WebClient

/// What an operator sees of a running server, and what it must never show.
@Suite(.serialized) struct OperationsTests {
  @Test func `a disk without its reserve takes nothing in, and all else goes on`() async throws {
    let bobbin = try Installation()
    let usual = ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"]
    var server = try ServerTests.Server(bobbin, usual)
    var owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    let text =
      #"{"source_type":"file","name":"a.txt","text":"The tower of Orrin is 31 metres high."}"#
    let source = try await owner.id("POST", base + "sources/", text)
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    server.process.terminate()
    server.process.waitUntilExit()

    // A reserve that no disk has.
    server = try ServerTests.Server(
      bobbin, usual.merging(["BOBBIN_DISK_RESERVE_MIB": "99999999"]) { $1 })
    owner = RemovalTests.Owner(server, token: owner.token)
    for (path, body) in [("sources/", text), ("sources/\(source)/refresh/", "{}")] {
      let reply = try await owner.send("POST", base + path, body)
      #expect(reply.status == 507, "\(path): \(reply.status)")
      #expect(ServerTests.text(reply).contains("disk-reserve"))
    }
    #expect(try await owner.send("GET", base + "sources/").status == 200)
    let answer = try await owner.send(
      "POST", "/api/chat/\(chatbot)/", #"{"message":"How high is the tower of Orrin?"}"#)
    #expect(ServerTests.text(answer).contains("31 metres"))
    #expect(try await server.get("/readyz").status == 503)
    #expect(try await owner.send("DELETE", base).status == 200)
  }

  @Test func `a training is followed by its events from beginning to end`() async throws {
    let bobbin = try Installation()
    let server = try ServerTests.Server(
      bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"])
    let owner = try await RemovalTests.Owner(server)
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"tower"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    for number in 0..<4 {
      _ = try await owner.id(
        "POST", base + "sources/",
        #"{"source_type":"file","name":"\#(number).txt","text":"The tower number \#(number) is 31 metres high."}"#
      )
    }
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    struct Status: Decodable {
      let state: String
      let progress: Double
      let generation: Int?
    }
    let stream = try await server.transport.stream(
      WebRequest(
        url: server.base + base + "status/",
        headers: ["Authorization": "Bearer \(owner.token)", "Accept": "text/event-stream"]))
    #expect(stream.status == 200)
    // The stages begin once somebody listens.
    let pipeline = Task {
      try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode
    }
    var seen: [Status] = []
    var last = ""
    for try await event in stream.events where !event.data.isEmpty {
      last = event.type
      seen.append(try JSONDecoder().decode(Status.self, from: Data(event.data.utf8)))
      if last == "done" { break }
    }
    #expect(try await pipeline.value == 0)
    #expect(seen.first?.state == "training" && seen.first?.generation == nil)
    #expect(last == "done" && seen.last?.state == "ready" && seen.last?.generation == 1)
    let progress = seen.map(\.progress)
    #expect(zip(progress, progress.dropFirst()).allSatisfy { $0 <= $1 } && progress.last == 1)
  }

  @Test func `metrics name routes, and logs name requests, and neither names anybody`() async throws
  {
    let bobbin = try Installation(model: false)
    let log = "\(bobbin.folder.path)/log"
    let port = try FreePort.find()
    let server = try ServerTests.Server(
      bobbin,
      [
        "BOBBIN_MAIL": "folder", "BOBBIN_BCRYPT_COST": "4", "BOBBIN_LOG": "json",
        "BOBBIN_LOG_LEVEL": "debug", "BOBBIN_METRICS_PORT": "\(port)",
        "OPENAI_API_KEY": "canary-key-of-the-model",
        "BOBBIN_SMTP_URL": "smtp://u:canary-of-the-mail-server@127.0.0.1:1",
      ], errors: log)
    func post(_ path: String, _ body: String, token: String? = nil) async throws -> WebResponse {
      var headers: WebHeaders = ["Content-Type": "application/json"]
      if let token { headers.append("Authorization", "Bearer \(token)") }
      return try await server.transport.send(
        WebRequest(
          url: server.base + path, method: "POST", headers: headers, body: Array(body.utf8)))
    }
    let password = "canary password of ada"
    #expect(
      try await post(
        "/api/auth/register", #"{"email":"canary@example.com","password":"\#(password)"}"#
      ).status == 202)
    let mail = "\(bobbin.data)/mail"
    var letters: [String] = []
    // The letter is written off the request's path.
    for _ in 0..<500 where letters.isEmpty {
      letters = ((try? FileManager.default.contentsOfDirectory(atPath: mail)) ?? [])
        .filter { $0.hasSuffix(".eml") }
      if letters.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    }
    let letter = try String(
      contentsOfFile: "\(mail)/\(try #require(letters.first))", encoding: .utf8)
    let proof = String(try #require(letter.firstMatch(of: /token=([A-Za-z0-9_-]+)/)).1)
    #expect(try await post("/api/auth/email/verify", #"{"token":"\#(proof)"}"#).status == 204)
    let login = try await post(
      "/api/auth/login",
      #"{"email":"canary@example.com","password":"\#(password)","delivery":"body"}"#)
    struct Tokens: Decodable { let access_token, refresh_token: String }
    let tokens = try JSONDecoder().decode(Tokens.self, from: Data(login.body))
    struct Made: Decodable { let id: String }
    let made = try await post(
      "/api/chatbots/", #"{"name":"canary chatbot"}"#, token: tokens.access_token)
    let chatbot = try JSONDecoder().decode(Made.self, from: Data(made.body)).id
    struct Session: Decodable { let token, resume: String }
    let session = try JSONDecoder().decode(
      Session.self, from: Data(try await post("/api/chat/\(chatbot)/session/", "{}").body))
    _ = try await post(
      "/api/chat/\(chatbot)/", #"{"message":"hello canary question"}"#, token: session.token)
    _ = try await server.get("/nothing/canary-path?x=canary-query")

    let metrics = try await server.transport.send(
      WebRequest(url: "http://127.0.0.1:\(port)/metrics"))
    let text = ServerTests.text(metrics)
    #expect(
      text.contains(
        #"bobbin_http_requests_total{route="POST /api/chat/{chatbot_id}",status="200"} 1"#),
      "\(text)")
    #expect(text.contains("bobbin_spool_items{stage=\"fetch\",state=\"incoming\"}"))
    #expect(text.contains("\nbobbin_outbox_due 0\n"))
    #expect(text.contains("bobbin_disk_free_bytes"))
    #expect(!text.contains(chatbot) && !text.contains("canary"))
    // Not on the public port.
    #expect(try await server.get("/metrics").status == 404)

    let lines = try String(contentsOfFile: log, encoding: .utf8)
    #expect(
      lines.contains(#""route":"POST /api/chat/{chatbot_id}""#) && lines.contains("request_id"))
    for line in lines.split(separator: "\n") {
      #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
    }
    for secret in [
      "canary password", "canary question", "canary-key", "canary-of-the-mail", "canary@example",
      proof, tokens.access_token, tokens.refresh_token, session.token, session.resume,
      "canary-query",
    ] { #expect(!lines.contains(secret), "\(secret.prefix(20))") }
  }

  @Test func `a client that sends next to nothing loses its place`() async throws {
    let bobbin = try Installation(model: false)
    let server = try ServerTests.Server(bobbin, ["BOBBIN_IDLE_TIMEOUT": "2"])
    let port = try #require(UInt16(server.base.split(separator: ":").last ?? ""))
    // Half a head, and then silence: closed by the idle timeout; the server goes on.
    let socket = try RawSocket(port: port)
    socket.send("POST /api/auth/login HTTP/1.1\r\nHost: x\r\nX-A: ")
    #expect(socket.isClosed(within: 20))
    #expect(try await server.get("/livez").status == 200)
    // A body that was promised and does not come.
    let slow = try RawSocket(port: port)
    slow.send(
      "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    #expect(slow.isClosed(within: 20))
    // A body longer than is accepted is refused before it is sent.
    let large = try RawSocket(port: port)
    large.send(
      "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n"
    )
    let refused = large.receiveAll(within: 20)
    #expect(refused.hasPrefix("HTTP/1.1 413") && refused.lowercased().contains("connection: close"))
  }

  @Test func `what a reader does not take is not copied for it`() async throws {
    let bobbin = try Installation(model: false)
    let server = try ServerTests.Server(bobbin)
    let port = try #require(UInt16(server.base.split(separator: ":").last ?? ""))
    let length = try await server.get("/openapi.json").body.count
    #expect(length > 150_000, "it is to be longer than what is kept")
    let reader = try RawSocket(port: port, receiveBuffer: 4096)
    for _ in 0..<8 { reader.send("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n") }
    // Much is written for it, and then no more, however often others are answered meanwhile.
    let end = ContinuousClock.now + .seconds(60)
    while try reader.unsentBytes < 50_000, ContinuousClock.now < end {
      _ = try await server.get("/livez")
    }
    #expect(try reader.unsentBytes >= 50_000)
    for _ in 0..<50 { _ = try await server.get("/openapi.json") }
    #expect(try reader.unsentBytes < 400_000)
  }

  @Test func `a client of any version is answered as its version has it`() async throws {
    let bobbin = try Installation(model: false)
    let file = try bobbin.folder.write("x", "x.txt")
    _ = try await bobbin.ingest("library", [file])
    let server = try ServerTests.Server(bobbin)
    let port = try #require(UInt16(server.base.split(separator: ":").last ?? ""))
    func ask(_ text: String) throws -> String {
      let socket = try RawSocket(port: port)
      socket.send(text)
      return socket.receiveAll(within: 20)
    }
    let end = "Connection: close\r\n\r\n"
    #expect(try ask("GET /livez HTTP/1.1\r\nHost: x\r\n\(end)").hasPrefix("HTTP/1.1 200"))
    #expect(try ask("GET /livez HTTP/1.1\r\n\(end)").hasPrefix("HTTP/1.1 400"))
    #expect(
      try ask("GET /livez HTTP/1.1\r\nHost: x\r\nHost: x\r\n\(end)").hasPrefix("HTTP/1.1 400"))
    let long = String(repeating: "a", count: 9000)
    #expect(try ask("GET /\(long) HTTP/1.1\r\nHost: x\r\n\(end)").hasPrefix("HTTP/1.1 414"))
    // No Host, and the connection's end without asking for it.
    #expect(try ask("GET /livez HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.1 200"))
    struct Session: Decodable { let token: String }
    let session = try await server.transport.send(
      WebRequest(
        url: server.base + "/api/chat/library/session/", method: "POST",
        headers: ["Content-Type": "application/json"], body: Array("{}".utf8)))
    let token = try JSONDecoder().decode(Session.self, from: Data(session.body)).token
    struct About: Decodable { let id: String }
    let about = try await server.get("/api/chat/library/")
    let chatbot = try JSONDecoder().decode(About.self, from: Data(about.body)).id
    let question = #"{"message":"hello"}"#
    let stream = try ask(
      "POST /api/chat/\(chatbot)/ HTTP/1.0\r\nAuthorization: Bearer \(token)\r\n"
        + "Accept: text/event-stream\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(question.utf8.count)\r\n\r\n\(question)")
    #expect(stream.hasPrefix("HTTP/1.1 200") && !stream.lowercased().contains("chunked"))
    let body = stream.components(separatedBy: "\r\n\r\n").dropFirst().joined()
    #expect(body.hasPrefix("retry: 3000\n\nevent: start\n"), "\(body)")
    #expect(body.contains("event: done\ndata: ") && body.hasSuffix("}\n\n"))
  }
}

/// A port that nobody listens on at this moment.
enum FreePort {
  static func find() throws -> Int {
    let server = try LoopbackServer { _, connection in connection.respond(404) }
    return try #require(Int(server.url("").split(separator: ":").last ?? ""))
  }
}

/// A connection that sends what it is told to, and nothing else.
final class RawSocket {
  private let descriptor: Int32
  private let serverPort: UInt16

  /// - Parameter receiveBuffer: bytes that the kernel keeps for this side; nil for the usual.
  init(port: UInt16, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    serverPort = port
    if var size = receiveBuffer {
      try #require(
        setsockopt(
          descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) == 0)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
  }

  /// Bytes that the other side has written and this one has not got.
  ///
  /// Source: proc(5), `/proc/net/tcp`: the first half of the field `tx_queue:rx_queue` of the other side's row.
  var unsentBytes: Int {
    get throws {
      var address = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          getsockname(descriptor, $0, &size)
        }
      }
      try #require(result == 0)
      func end(_ port: UInt16) -> String {
        let digits = String(port, radix: 16, uppercase: true)
        return "0100007F:\(String(repeating: "0", count: 4 - digits.count))\(digits)"
      }
      let ends = [end(serverPort), end(UInt16(bigEndian: address.sin_port))]
      // By its handle: a file of no size is read to its first 4 KiB otherwise.
      let table = try #require(try FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd())
      let rows = String(decoding: table, as: UTF8.self).split(separator: "\n")
      let row = rows.map { $0.split(separator: " ") }.first { row in
        row.count > 4 && row[1...2].map(String.init) == ends
      }
      return try #require(
        row.flatMap { Int($0[4].prefix { $0 != ":" }, radix: 16) }, "the connection is gone")
    }
  }

  /// Whether the other side closes within so many seconds.
  func isClosed(within seconds: Int32) -> Bool {
    var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var buffer = [UInt8](repeating: 0, count: 4096)
    while poll(&waited, 1, seconds * 1000) > 0 {
      if recv(descriptor, &buffer, buffer.count, 0) <= 0 { return true }
    }
    return false
  }

  /// So many bytes, or fewer when no more come within so many seconds.
  func receive(_ count: Int, within seconds: Int32) -> String {
    var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var bytes: [UInt8] = []
    while bytes.count < count, poll(&waited, 1, seconds * 1000) > 0 {
      var buffer = [UInt8](repeating: 0, count: count - bytes.count)
      let got = recv(descriptor, &buffer, buffer.count, 0)
      guard got > 0 else { break }
      bytes += buffer.prefix(got)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// All that comes until the other side closes, which it does within so many seconds.
  func receiveAll(within seconds: Int32) -> String {
    var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var buffer = [UInt8](repeating: 0, count: 4096)
    var bytes: [UInt8] = []
    while true {
      guard poll(&waited, 1, seconds * 1000) > 0 else { return "open after \(seconds) s" }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer.prefix(count)
    }
  }
}
