import Foundation
import TestSupport
import Testing
import WebClient

/// Leads reach CRMs that behave in every way, from the real server and by the command, checked by another's library.
@Suite(.serialized) struct DeliveryTests {
  private struct Seen: Decodable {
    let path, id: String
    let signatures: Int
    let signed: Bool
  }
  private struct Delivery: Decodable {
    let id, state: String
    let tries: Int
    let last_status: Int?
    let last_error, next_at, sent_at: String?
  }
  private struct Deliveries: Decodable { let items: [Delivery] }

  /// An owner with a chatbot for each way of a receiver.
  private struct World {
    let owner: RemovalTests.Owner
    let receiver: Peer
    let port: String
    var chatbots: [String: String] = [:]

    init(
      _ owner: RemovalTests.Owner, _ receiver: Peer, port: String,
      _ chatbots: [String: String] = [:]
    ) {
      (self.owner, self.receiver, self.port) = (owner, receiver, port)
      self.chatbots = chatbots
    }

    mutating func add(_ path: String) async throws {
      struct Secret: Decodable { let secret: String }
      let id = try await owner.id("POST", "/api/chatbots/", #"{"name":"\#(path)"}"#)
      chatbots[path] = id
      let set = try await owner.send(
        "PATCH", "/api/chatbots/\(id)/",
        #"{"crm_webhook_url":"http://127.0.0.1:\#(port)/\#(path)","lead_form":{"enabled":true,"fields":[],"after_messages":0}}"#
      )
      #expect(set.status == 200, "\(ServerTests.text(set))")
      let rotated = try await owner.send(
        "POST", "/api/chatbots/\(id)/crm/secret/rotate/", #"{"direction":"out"}"#)
      receiver.write(try JSONDecoder().decode(Secret.self, from: Data(rotated.body)).secret)
      _ = receiver.line()
    }

    func leave(_ path: String) async throws {
      struct Session: Decodable { let token: String }
      let id = try #require(chatbots[path])
      let transport = owner.server.transport
      func post(_ part: String, _ body: String, _ token: String?) async throws -> WebResponse {
        var headers: WebHeaders = ["Content-Type": "application/json"]
        if let token { headers.append("Authorization", "Bearer \(token)") }
        return try await transport.send(
          WebRequest(
            url: owner.server.base + "/api/chat/\(id)/\(part)", method: "POST", headers: headers,
            body: Array(body.utf8)))
      }
      let session = try await post("session/", "{}", nil)
      let token = try JSONDecoder().decode(Session.self, from: Data(session.body)).token
      let left = try await post("leads/", #"{"email":"bo@example.org","consent":true}"#, token)
      #expect(left.status == 201, "\(ServerTests.text(left))")
    }

    func delivery(_ path: String) async throws -> Delivery? {
      let id = try #require(chatbots[path])
      let reply = try await owner.send("GET", "/api/chatbots/\(id)/crm/deliveries/")
      #expect(!ServerTests.text(reply).contains("secret trace"))
      return try JSONDecoder().decode(Deliveries.self, from: Data(reply.body)).items.first
    }

    /// The chatbot's message once it fits.
    func delivery(
      _ path: String, until fits: (Delivery) -> Bool
    ) async throws -> Delivery? {
      let end = ContinuousClock.now + .seconds(40)
      while ContinuousClock.now < end {
        if let found = try await delivery(path), fits(found) { return found }
        try await Task.sleep(for: .milliseconds(50))
      }
      return try await delivery(path)
    }
  }

  @Test func `a lead reaches its CRM whatever the others do`() async throws {
    let receiver = try Peer("webhook_receiver.py")
    let port = try #require(receiver.line())
    let bobbin = try Installation()
    let settings = [
      "BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4",
      "BOBBIN_ALLOWED_HOSTS": "127.0.0.1:\(port)",
    ]
    let server = try ServerTests.Server(bobbin, settings)
    let owner = try await RemovalTests.Owner(server)
    let change = try await bobbin.tool("bobbin").run(
      ["admin", "change", "ada@example.com", "--plan", "enterprise"])
    #expect(change.exitCode == 0, "\(change.errors)")
    var world = World(owner, receiver, port: port)
    let ways = ["slow", "ok", "broken", "gone", "busy", "moved", "huge", "cut", "flaky"]
    for way in ways { try await world.add(way) }
    for way in ways.dropLast() { try await world.leave(way) }

    let taken = try await world.delivery("ok") { $0.state == "sent" }
    #expect(taken?.state == "sent" && taken?.last_status == 204 && taken?.tries == 1)
    let huge = try await world.delivery("huge") { $0.state == "sent" }
    #expect(huge?.state == "sent" && huge?.last_status == 200)
    let broken = try await world.delivery("broken") { $0.tries > 0 }
    #expect(broken?.state == "waiting" && broken?.last_status == 500)
    let moved = try await world.delivery("moved") { $0.tries > 0 }
    #expect(moved?.state == "waiting" && moved?.last_status == 302)
    let cut = try await world.delivery("cut") { $0.tries > 0 }
    #expect(cut?.state == "waiting" && cut?.last_status == nil && cut?.last_error != nil)
    let busy = try await world.delivery("busy") { $0.tries > 0 }
    #expect(busy?.last_status == 429 && busy?.state == "waiting")
    let gone = try await world.delivery("gone") { $0.state == "dead" }
    #expect(gone?.state == "dead" && gone?.last_status == 410)
    let shown = ServerTests.text(
      try await owner.send("GET", "/api/chatbots/\(try #require(world.chatbots["gone"]))/"))
    #expect(shown.contains(#""crm_disabled_reason":"It answered 410"#), "\(shown)")
    // All that while the one that never answers was on its way, or waits for its next try.
    #expect(try await world.delivery("slow")?.state == "waiting")
    var seen: [Seen] = []
    while !Set(ways.dropLast()).isSubset(of: seen.map { String($0.path.dropFirst()) }),
      let line = receiver.line()
    {
      seen.append(try JSONDecoder().decode(Seen.self, from: Data(line.utf8)))
    }
    #expect(seen.allSatisfy { $0.signed && $0.signatures == 2 })
    // A redirect was not followed, and each message has one id.
    #expect(seen.filter { $0.path == "/ok" }.map(\.id) == [taken?.id])

    // The server goes after a first try that failed; the command sends the message again, under its id.
    try await world.leave("flaky")
    let first = try await world.delivery("flaky") { $0.tries == 1 }
    #expect(first?.state == "waiting" && first?.last_status == 500)
    server.process.terminate()
    server.process.waitUntilExit()
    let ended = Date()
    let end = ContinuousClock.now + .seconds(15)
    var sent = 0
    while sent == 0, ContinuousClock.now < end {
      struct Summary: Decodable { let sent: Int }
      let run = try await bobbin.tool("bobbin", settings).run(["deliver", "--once", "--json"])
      #expect(run.exitCode == 0, "\(run.errors)")
      sent = try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8)).sent
    }
    let again = try ServerTests.Server(bobbin, settings)
    world = World(
      RemovalTests.Owner(again, token: owner.token), receiver, port: port, world.chatbots)
    let second = try await world.delivery("flaky") { $0.state == "sent" }
    #expect(second?.state == "sent" && second?.tries == 2 && second?.id == first?.id)
    // On a machine with too much to do the server may have come to the second try itself.
    let clock = ISO8601DateFormatter()
    clock.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let sentAt = second?.sent_at.flatMap { clock.date(from: $0) }
    #expect(sent == 1 || (sentAt ?? .distantFuture) < ended)
    var flaky: [Seen] = []
    while flaky.count < 2, let line = receiver.line() {
      let next = try JSONDecoder().decode(Seen.self, from: Data(line.utf8))
      if next.path == "/flaky" { flaky.append(next) }
    }
    #expect(flaky.map(\.id) == [first?.id, first?.id] && flaky.allSatisfy(\.signed))
  }
}
