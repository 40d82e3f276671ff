// What a CRM tells us of people: believed when it is signed, once, kept apart, and used for nobody but the person.

import Corpus
import Foundation
import Spool
import Storage
import TestSupport
import Testing

@testable import App

@Suite struct ContactTests {
  /// A chatbot with an inbound secret.
  private struct World {
    let api: TestAPI
    let owner: TestAPI.Person
    let chatbot: String
    let key: [UInt8]

    init(_ environment: [String: String] = [:]) async throws {
      api = try TestAPI(environment)
      owner = try await api.signUp("ada")
      chatbot = try await api.chatbot(of: owner)
      let rotated = try await api.send(
        "POST", "/api/chatbots/\(chatbot)/crm/secret/rotate/", token: owner.token,
        json: #"{"direction":"in"}"#)
      let text = rotated.text("secret")
      #expect(text.hasPrefix("whsec_"), "\(rotated.text)")
      key = Array(try #require(Data(base64Encoded: String(text.dropFirst(6)))))
    }

    /// A message as a CRM sends it.
    func send(
      _ body: String, id: String = "msg_1", skew: Int = 0, key: [UInt8]? = nil,
      to chatbot: String? = nil, signedAs signed: String? = nil
    ) async throws -> TestAPI.Reply {
      let seconds = api.clock() / 1000 + skew
      let signature = StandardWebhook.signature(
        id: id, seconds: seconds, body: Array((signed ?? body).utf8), key: key ?? self.key)
      return try await api.send(
        "POST", "/api/webhooks/crm/?chatbot=\(chatbot ?? self.chatbot)", body: Array(body.utf8),
        headers: [
          "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": signature,
          "Content-Type": "application/json",
        ])
    }

    func contacts() async throws -> TestAPI.Reply {
      try await api.send("GET", "/api/chatbots/\(chatbot)/contacts/", token: owner.token)
    }
  }

  private static let bo =
    #"{"type":"contact.upserted","data":{"external_id":"7","email":"Bo@Example.org","name":"Bo","fields":{"plan":"gold"}}}"#

  @Test func `a signed message is taken once, and what it says can be taken back`() async throws {
    let world = try await World()
    #expect(try await world.send(Self.bo).status == 202)
    let shown = try await world.contacts()
    #expect(shown.text("items.0.email") == "bo@example.org" && shown.text("items.0.name") == "Bo")
    #expect(shown.text("items.0.fields.plan") == "gold")
    // The same message again is taken and has no effect, whatever it says by then.
    let other = Self.bo.replacing("gold", with: "iron")
    #expect(try await world.send(other).status == 202)
    #expect(try await world.contacts().text("items.0.fields.plan") == "gold")
    #expect(try await world.send(other, id: "msg_2").status == 202)
    let changed = try await world.contacts()
    #expect(changed.text("items.0.fields.plan") == "iron" && changed["items.1"] == .null)
    // Of another kind nothing is kept.
    #expect(try await world.send(#"{"type":"deal.won","data":{}}"#, id: "msg_3").status == 202)
    let gone = #"{"type":"contact.deleted","data":{"external_id":"7"}}"#
    #expect(try await world.send(gone, id: "msg_4").status == 202)
    #expect(try await world.contacts()["items"] == .array([]))
  }

  @Test func `whatever is wrong with a signature is one answer`() async throws {
    let world = try await World()
    let other = try await world.api.signUp("eve")
    let theirs = try await world.api.chatbot(of: other)
    let replies = [
      try await world.send(Self.bo, key: [UInt8](repeating: 1, count: 32)),
      try await world.send(Self.bo, skew: 310), try await world.send(Self.bo, skew: -310),
      // Written anew by something in between.
      try await world.send(Self.bo.replacing(":", with: ": "), signedAs: Self.bo),
      // Another chatbot, one without a secret, one that is not there.
      try await world.send(Self.bo, to: theirs), try await world.send(Self.bo, to: "nobody"),
      try await world.api.send(
        "POST", "/api/webhooks/crm/?chatbot=\(world.chatbot)", body: Array(Self.bo.utf8),
        headers: ["Content-Type": "application/json"]),
    ]
    for reply in replies { #expect(reply.status == 401 && reply.code == "unauthenticated") }
    #expect(Set(replies.map { $0.text("detail") }).count == 1)
    #expect(try await world.contacts()["items"] == .array([]))
    #expect(try await world.send(Self.bo, skew: 290).status == 202)
    // What is signed and makes no sense is told apart: its sender can mend it.
    let many = (0...20).map { #""f\#($0)":"x""# }.joined(separator: ",")
    for body in [
      "[]", #"{"type":"contact.upserted","data":{}}"#,
      #"{"type":"contact.upserted","data":{"external_id":"1","secret":"x"}}"#,
      #"{"type":"contact.upserted","data":{"external_id":"1","fields":{\#(many)}}}"#,
    ] {
      #expect([400, 422].contains(try await world.send(body, id: "odd").status), "\(body)")
    }
    let large = String(repeating: " ", count: 65 << 10)
    #expect(try await world.send(large, id: "large").status == 413)
  }

  @Test func `a message of another shape is read by the mapping file`() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      #"""
      {"type": "/event", "types": {"person.saved": "contact.upserted", "person.removed": "contact.deleted"},
       "external_id": "/person/id", "email": "/person/mails/0", "name": "/person/full~1name",
       "fields": {"plan": "/person/plan", "since": "/person/since"}}
      """#, "mapping.json")
    let world = try await World(["BOBBIN_CRM_MAPPING": path])
    let saved =
      #"{"event":"person.saved","person":{"id":12,"mails":["bo@example.org"],"full/name":"Bo","plan":"gold","since":2019}}"#
    #expect(try await world.send(saved).status == 202)
    let shown = try await world.contacts()
    #expect(shown.text("items.0.external_id") == "12" && shown.text("items.0.name") == "Bo")
    #expect(shown.text("items.0.email") == "bo@example.org")
    #expect(
      shown["items.0.fields"] == .object(["plan": .string("gold"), "since": .string("2019")]))
    #expect(
      try await world.send(#"{"event":"person.seen","person":{"id":13}}"#, id: "b").status == 202)
    #expect(
      try await world.send(#"{"event":"person.removed","person":{"id":12}}"#, id: "c").status
        == 202)
    #expect(try await world.contacts()["items"] == .array([]))
    // Our own shape is read as before.
    #expect(try await world.send(Self.bo, id: "d").status == 202)
    #expect(try await world.contacts().text("items.0.name") == "Bo")
    for wrong in [
      "[]", "{}", #"{"type":"event","external_id":"/id","types":{"a":"contact.upserted"}}"#,
      #"{"type":"/event","external_id":"/id","types":{"a":"b"}}"#,
      #"{"type":"/event","external_id":"/id","types":{"a":"contact.deleted"},"mail":"/m"}"#,
    ] {
      let path = try folder.write(wrong, "wrong.json")
      #expect(throws: ConfigurationError.self) { try ContactMapping(path: path) }
    }
    #expect(throws: ConfigurationError.self) {
      try ContactMapping(path: folder.path + "/none.json")
    }
  }

  @Test func `pointers lead where RFC 6901 says`() throws {
    let document = try StrictJSON.parse(
      Array(
        #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#
          .utf8))
    for (pointer, value) in [
      ("/foo/0", JSONValue.string("bar")), ("/", .integer(0)), ("/a~1b", .integer(1)),
      ("/c%d", .integer(2)), ("/e^f", .integer(3)), ("/g|h", .integer(4)), ("/i\\j", .integer(5)),
      ("/k\"l", .integer(6)), ("/ ", .integer(7)), ("/m~0n", .integer(8)), ("", document),
    ] {
      #expect(JSONPointer(pointer)?.value(in: document) == value, "\(pointer)")
    }
    for pointer in ["/foo/2", "/foo/01", "/foo/-", "/foo/-1", "/bar", "/foo/0/x"] {
      #expect(JSONPointer(pointer)?.value(in: document) == nil, "\(pointer)")
    }
    for text in ["foo", "/~", "/~2", "#/foo"] { #expect(JSONPointer(text) == nil, "\(text)") }
  }

  @Test func `only who proves an address is known by it`() async throws {
    let world = try await World(["BOBBIN_MAIL": "folder"])
    let chatbot = ChatbotID(unchecked: world.chatbot)
    #expect(try await world.send(Self.bo).status == 202)
    let (bo, eve) = (
      try await world.api.visitor(of: world.chatbot), try await world.api.visitor(of: world.chatbot)
    )
    func post(_ path: String, _ token: String, _ json: String) async throws -> TestAPI.Reply {
      try await world.api.send(
        "POST", "/api/chat/\(world.chatbot)/address/\(path)", token: token, json: json)
    }
    func known(_ token: String) async throws -> Contact? {
      let tokens = TokenSigner(
        try SecretKeys.load(data: world.api.folder.path), issuer: TestAPI.origin)
      let session = try #require(
        tokens.verify(token, as: .embed, now: world.api.clock())?.session)
      return try await world.api.database.provenContact(of: chatbot, session: session)
    }
    let mail = Task { try await world.api.mail.run() }
    defer { mail.cancel() }
    // Known or not, the answer is the same; a letter goes only where somebody is known.
    #expect(try await post("", eve, #"{"email":"nobody@example.org"}"#).status == 202)
    #expect(try await post("", bo, #"{"email":"bo@example.org"}"#).status == 202)
    let letters = try await world.api.letters(1)
    #expect(letters.count == 1)
    let letter = try #require(letters.first)
    #expect(letter.contains("To: <bo@example.org>"))
    let code = String(try #require(letter.firstMatch(of: /\r\n(\d{6})\r\n/)).1)
    // Another session cannot use it, and not even its own before it is given.
    #expect(try await post("confirm/", eve, #"{"code":"\#(code)"}"#).code == "code-invalid")
    #expect(try await known(bo) == nil)
    let proved = try await post("confirm/", bo, #"{"code":"\#(code)"}"#)
    #expect(proved.status == 200 && proved.text("email") == "bo@example.org")
    let contact = try await known(bo)
    #expect(
      contact?.lines == [
        "Of the person who asks: name is Bo.", "Of the person who asks: plan is gold.",
      ])
    #expect(try await known(eve) == nil)
    #expect(try await post("confirm/", bo, #"{"code":"\#(code)"}"#).code == "code-invalid")
    // Forgotten by address: what the CRM told, what was said, and the proof.
    let receipt = try await world.api.send(
      "POST", "/api/chatbots/\(world.chatbot)/erase/", token: world.owner.token,
      json: #"{"email":"bo@example.org"}"#)
    #expect(receipt["contacts"] == .integer(1))
    #expect(try await known(bo) == nil)
    #expect(try await world.send(Self.bo, id: "again").status == 202)
    #expect(try await known(bo) == nil)
  }

  @Test func `an address has ten codes an hour, whoever asks for them`() async throws {
    let world = try await World(["BOBBIN_MAIL": "folder"])
    #expect(try await world.send(Self.bo).status == 202)
    let bo = try await world.api.visitor(of: world.chatbot)
    func post(_ path: String, _ json: String, from address: String) async throws -> Int {
      try await world.api.send(
        "POST", "/api/chat/\(world.chatbot)/address/\(path)", token: bo, json: json, from: address
      ).status
    }
    let mail = Task { try await world.api.mail.run() }
    defer { mail.cancel() }
    for number in 1...10 {
      // Each from an address of its own: the limit is the mailbox's.
      #expect(
        try await post("", #"{"email":"bo@example.org"}"#, from: "192.0.2.\(number)") == 202)
      _ = try await world.api.letters(number)
    }
    let last = try #require(try await world.api.letters(10).last)
    let code = String(try #require(last.firstMatch(of: /\r\n(\d{6})\r\n/)).1)
    // The eleventh is not told apart and makes no code: the tenth is good still.
    #expect(try await post("", #"{"email":"bo@example.org"}"#, from: "192.0.2.11") == 202)
    #expect(try await post("confirm/", #"{"code":"\#(code)"}"#, from: "192.0.2.11") == 200)
  }

  @Test func `a code is good for five tries`() async throws {
    let world = try await World()
    let chatbot = ChatbotID(unchecked: world.chatbot)
    let database = world.api.database
    func begin(_ now: Int) async throws {
      _ = try await database.beginProof(
        of: "bo@example.org", session: "s", chatbot: chatbot, hash: [1], expiresAt: now + 1000,
        now: now)
    }
    func prove(_ hash: [UInt8], _ now: Int) async throws -> Bool {
      switch try await database.prove(hash: hash, session: "s", chatbot: chatbot, now: now) {
      case .proved: true
      case .refused: false
      }
    }
    try await begin(0)
    for _ in 0..<4 { #expect(try await !prove([2], 1)) }
    #expect(try await prove([1], 2))
    try await begin(10)
    for _ in 0..<5 { #expect(try await !prove([2], 11)) }
    #expect(try await !prove([1], 12))
    try await begin(20)
    #expect(try await !prove([1], 1020))
  }
}
