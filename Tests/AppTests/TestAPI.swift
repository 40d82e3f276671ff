// The routes in memory: a request in, an answer out, through all middleware, without a socket. Every answer is held against
// what /openapi.json says of its route.

import Answering
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Spool
import Storage
import Synchronization
import TestSupport
import Testing
import WebClient

@testable import App

/// A server's routes over a temporary folder.
final class TestAPI: Sendable {
  static let origin = "https://chat.example.com"
  static let password = "tr0ubadour klavier"

  let folder: TemporaryFolder
  let services: Services
  let routes: [Route]
  let mail: MailService
  let sender: DeliverySender
  let responder: RouterResponder<AppRequestContext>
  let clock: @Sendable () -> Int
  private let time: Time
  var database: AppDatabase { services.database }

  /// - Parameter stripe: stands for Stripe.
  init(_ environment: [String: String] = [:], stripe: WebTransport? = nil) throws {
    folder = try TemporaryFolder()
    var settings = [
      "BOBBIN_DATA": folder.path, "BOBBIN_SPOOL": "\(folder.path)/spool",
      "BOBBIN_BCRYPT_COST": "4", "BOBBIN_PUBLIC_URL": Self.origin, "BOBBIN_MAIL": "none",
      "BOBBIN_TRUSTED_PROXIES": "127.0.0.1",
    ]
    settings.merge(environment) { $1 }
    services = try Services(try Configuration(environment: settings))
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    // A clock of its own: two milliseconds pass at each look, however slow the machine is.
    let time = Time()
    self.time = time
    let clock: @Sendable () -> Int = { time.pass(2) }
    self.clock = clock
    let all = try Routes(
      services, publicURL: Self.origin, logger: logger, clock: clock, stripe: stripe)
    routes = all.table.routes
    mail = all.mail
    sender = all.sender
    responder = all.router.buildResponder()
  }

  private final class Time: Sendable {
    private let now = Mutex(WallClock.now())

    func pass(_ milliseconds: Int) -> Int {
      now.withLock { now in
        now += milliseconds
        return now
      }
    }
  }

  /// Lets time pass.
  func pass(seconds: Int) { _ = time.pass(seconds * 1000) }

  /// An answer.
  struct Reply {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? StrictJSON.parse(body)) ?? .null }

    /// A member of the answer's object, by path.
    subscript(_ path: String) -> JSONValue {
      var value = json
      for name in path.split(separator: ".") {
        if let index = Int(name), case .array(let values) = value {
          value = values.indices.contains(index) ? values[index] : .null
        } else if case .object(let members) = value {
          value = members[String(name)] ?? .null
        } else {
          return .null
        }
      }
      return value
    }
    func text(_ path: String) -> String {
      if case .string(let text) = self[path] { text } else { "" }
    }
    var code: String { text("code") }
    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
  }

  /// Sends a request.
  ///
  /// - Parameter from: the client's address.
  /// - Parameter host: nil for a request that names none.
  @discardableResult
  func send(
    _ method: String, _ path: String, token: String? = nil, json: String? = nil,
    body: [UInt8]? = nil, headers: [String: String] = [:], from address: String = "198.51.100.7",
    host: String? = "chat.example.com"
  ) async throws -> Reply {
    let response = try await respond(
      method, path, token: token, json: json, body: body, headers: headers, from: address,
      host: host)
    let collector = BodyCollector()
    try await response.body.write(collector)
    let reply = Reply(
      status: response.status.code, headers: response.headers, body: collector.bytes())
    check(reply, try #require(HTTPRequest.Method(method)), path)
    return reply
  }

  /// Sends a request; its answer is not yet read.
  func respond(
    _ method: String, _ path: String, token: String? = nil, json: String? = nil,
    body: [UInt8]? = nil, headers: [String: String] = [:], from address: String = "198.51.100.7",
    host: String? = "chat.example.com"
  ) async throws -> Response {
    var fields = HTTPFields()
    if json != nil { fields[.contentType] = "application/json" }
    if let token { fields[.authorization] = "Bearer \(token)" }
    fields[ResponseHeaders.name("X-Forwarded-For")] = address
    for (name, value) in headers { fields[ResponseHeaders.name(name)] = value }
    let method = try #require(HTTPRequest.Method(method))
    let bytes = body ?? json.map { Array($0.utf8) } ?? []
    let request = Request(
      head: HTTPRequest(
        method: method, scheme: "https", authority: host, path: path,
        headerFields: fields), body: RequestBody(buffer: ByteBuffer(bytes: bytes)))
    let channel = NIOAsyncTestingChannel()
    channel.remoteAddress = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    logger[metadataKey: "hb.request.id"] = "request-of-the-test"
    return try await responder.respond(
      to: request,
      context: AppRequestContext(
        source: ApplicationRequestContextSource(channel: channel, logger: logger)))
  }

  /// Holds an answer against the description of its route.
  private func check(_ reply: Reply, _ method: HTTPRequest.Method, _ path: String) {
    #expect(
      reply.status < 500 || [501, 503, 507].contains(reply.status), "\(path) \(reply.text)")
    let parts = path.prefix { $0 != "?" }.split(separator: "/")
    let route = routes.first { route in
      let pattern = route.path.split(separator: "/")
      return route.method == method && pattern.count == parts.count
        && zip(pattern, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    guard let route else { return }
    let type = reply.header("Content-Type") ?? ""
    if type == "application/problem+json" {
      #expect(
        OpenAPIDocument.problemStatuses(route).contains(reply.status),
        "\(route.name) answers \(reply.status) and does not say so")
      #expect(Schema.component("Problem").problems(in: reply.json).isEmpty, "\(reply.text)")
    } else if let answer = route.answers.first(where: { $0.status == reply.status }) {
      let media = type.split(separator: ";").first.map(String.init) ?? ""
      if answer.content.isEmpty {
        #expect(reply.body.isEmpty, "\(route.name)")
      } else {
        #expect(answer.content.keys.contains(media), "\(route.name): \(media)")
      }
      if let schema = answer.content["application/json"] ?? nil, media == "application/json" {
        let problems = schema.problems(in: reply.json)
        #expect(problems.isEmpty, "\(route.name): \(problems) in \(reply.text)")
      }
    } else {
      Issue.record("\(route.name) answers \(reply.status) and does not say so: \(reply.text)")
    }
  }

  // MARK: People

  /// An owner who has signed up and in.
  struct Person: Sendable {
    let id: String
    let email: String
    let token: String
    let refresh: String
  }

  /// An account, signed in; where letters go, its address counts as proved.
  func signUp(_ name: String) async throws -> Person {
    let email = "\(name)@example.com"
    if mail.isOn {
      var new = NewUser(id: "\(name)1", email: email, name: "", passwordHash: nil)
      new.isEmailVerified = true
      new.passwordHash = try await PasswordHasher(cost: 4).hash(Self.password)
      _ = try await database.add(new, now: clock())
      return try await signIn(email)
    }
    let reply = try await send(
      "POST", "/api/auth/register",
      json: #"{"email":"\#(email)","password":"\#(Self.password)","delivery":"body"}"#,
      from: "203.0.113.\(abs(name.hashValue) % 250)")
    #expect(reply.status == 201, "\(reply.text)")
    return Person(
      id: reply.text("user.id"), email: email, token: reply.text("access_token"),
      refresh: reply.text("refresh_token"))
  }

  func signIn(_ email: String, password: String = TestAPI.password) async throws -> Person {
    let reply = try await send(
      "POST", "/api/auth/login",
      json: #"{"email":"\#(email)","password":"\#(password)","delivery":"body"}"#)
    #expect(reply.status == 200, "\(reply.text)")
    return Person(
      id: reply.text("user.id"), email: email, token: reply.text("access_token"),
      refresh: reply.text("refresh_token"))
  }

  /// What was written, oldest first, once there are so many letters; the mail service has to run.
  ///
  /// A letter that is being written has another name until it is whole.
  func letters(_ count: Int) async throws -> [String] {
    let path = "\(folder.path)/mail"
    let end = ContinuousClock.now + .seconds(20)
    var names: [String] = []
    repeat {
      names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
        .filter { $0.hasSuffix(".eml") }.sorted()
      if names.count >= count { break }
      try await Task.sleep(for: .milliseconds(20))
    } while ContinuousClock.now < end
    return try names.map { try String(contentsOfFile: "\(path)/\($0)", encoding: .utf8) }
  }

  func chatbot(of person: Person, _ name: String = "Handbook") async throws -> String {
    let reply = try await send(
      "POST", "/api/chatbots/", token: person.token, json: #"{"name":"\#(name)"}"#)
    #expect(reply.status == 201, "\(reply.text)")
    return reply.text("id")
  }

  func visitor(of chatbot: String, from address: String = "198.51.100.7") async throws -> String {
    let reply = try await send(
      "POST", "/api/chat/\(chatbot)/session/", json: "{}", from: address)
    #expect(reply.status == 201, "\(reply.text)")
    return reply.text("token")
  }

  /// Makes an account an operator.
  func promote(_ person: Person) async throws {
    var change = UserChange()
    change.isAdmin = true
    _ = try await database.change(person.id, change, now: WallClock.now())
  }
}
