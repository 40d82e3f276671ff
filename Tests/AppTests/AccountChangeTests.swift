import Foundation
import Storage
import TestSupport
import Testing

@testable import App

/// What an owner changes of an account, and what that ends.
@Suite struct AccountChangeTests {
  @Test func `a new password ends all sessions but the one that set it`() async throws {
    let api = try TestAPI(["BOBBIN_MAIL": "folder"])
    let mail = Task { try await api.mail.run() }
    defer { mail.cancel() }
    let here = try await api.signUp("ada")
    let elsewhere = try await api.signIn(here.email)
    func change(_ current: String, _ password: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/auth/password/change", token: here.token,
        json: #"{"current":"\#(current)","password":"\#(password)"}"#)
    }
    #expect(try await change("another one", "klavier und geige").code == "wrong-password")
    #expect(try await change(TestAPI.password, "password").code == "weak-password")
    #expect(try await api.send("GET", "/api/auth/me", token: elsewhere.token).status == 200)
    #expect(try await change(TestAPI.password, "klavier und geige").status == 204)
    #expect(try await api.send("GET", "/api/auth/me", token: elsewhere.token).status == 401)
    #expect(try await api.send("GET", "/api/auth/me", token: here.token).status == 200)
    #expect(
      try await api.send(
        "POST", "/api/auth/refresh",
        json: #"{"refresh_token":"\#(elsewhere.refresh)"}"#
      ).status == 401)
    _ = try await api.signIn(here.email, password: "klavier und geige")
    let letters = try await api.letters(1)
    #expect(letters.first?.contains("Subject: Your password was changed") == true)
  }

  @Test func `a new address counts once it is proved, and the old one is told`() async throws {
    let api = try TestAPI(["BOBBIN_MAIL": "folder"])
    let mail = Task { try await api.mail.run() }
    defer { mail.cancel() }
    let ada = try await api.signUp("ada")
    func change(_ json: String) async throws -> TestAPI.Reply {
      try await api.send("PATCH", "/api/auth/me", token: ada.token, json: json)
    }
    func token(in letters: [String]) throws -> String {
      let letter = try #require(letters.last { $0.contains("#token=") })
      return String(try #require(letter.firstMatch(of: /#token=([A-Za-z0-9_-]+)/)).1)
    }
    func verify(_ token: String) async throws -> Int {
      try await api.send("POST", "/api/auth/email/verify", json: #"{"token":"\#(token)"}"#).status
    }
    #expect(
      try await change(#"{"email":"new@example.com","password":"wrong one"}"#).code
        == "wrong-password")
    let asked = try await change(#"{"name":"Ada L.","email":"New@Example.com"}"#)
    #expect(asked.text("name") == "Ada L." && asked.text("email") == ada.email)
    let letters = try await api.letters(2)
    #expect(letters.contains { $0.contains("To: <new@example.com>") && $0.contains("#token=") })
    #expect(
      letters.contains {
        $0.contains("To: <\(ada.email)>") && $0.contains("Subject: Your account gets a new address")
      })
    #expect(try await verify(try token(in: letters)) == 204)
    #expect(
      try await api.send("GET", "/api/auth/me", token: api.signIn("new@example.com").token)
        .text("email") == "new@example.com")
    // An address that somebody else has proved meanwhile is theirs.
    let again = try await api.signIn("new@example.com")
    #expect(
      try await api.send(
        "PATCH", "/api/auth/me", token: again.token, json: #"{"email":"third@example.com"}"#
      ).status == 200)
    let more = try await api.letters(4)
    let third = try await api.signUp("third")
    #expect(try await verify(try token(in: more)) == 400)
    #expect(
      try await api.send("GET", "/api/auth/me", token: third.token).text("email")
        == "third@example.com")
    #expect(
      try await api.send("GET", "/api/auth/me", token: again.token).text("email")
        == "new@example.com")
  }

  @Test func `a key works until it is ended, and there are ten`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    func make() async throws -> TestAPI.Reply {
      try await api.send("POST", "/api/auth/keys/", token: ada.token, json: #"{"name":"k"}"#)
    }
    let first = try await make()
    let key = first.text("key")
    #expect(try await api.send("GET", "/api/chatbots/", token: key).status == 200)
    for _ in 1..<10 { #expect(try await make().status == 201) }
    let eleventh = try await make()
    #expect(eleventh.status == 403 && eleventh["limit"] == .string("api_keys"))
    let path = "/api/auth/keys/\(first.text("id"))/"
    // A key ends no key.
    #expect(try await api.send("DELETE", path, token: key).status == 401)
    #expect(try await api.send("DELETE", path, token: ada.token).status == 204)
    #expect(try await api.send("GET", "/api/chatbots/", token: key).status == 401)
    #expect(try await make().status == 201)
  }

  @Test func `a visitor who comes back goes on where the conversation was`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let path = "/api/chat/\(chatbot)/"
    let first = try await api.send("POST", path + "session/", json: "{}")
    let answer = try await api.send(
      "POST", path, token: first.text("token"), json: #"{"message":"hello"}"#)
    func resume(_ token: String, _ chatbot: String) async throws -> TestAPI.Reply {
      try await api.send(
        "POST", "/api/chat/\(chatbot)/session/", json: #"{"resume":"\#(token)"}"#)
    }
    let back = try await resume(first.text("resume"), chatbot)
    #expect(back.status == 201 && back["session_id"] == first["session_id"])
    let history = try await api.send("GET", path + "history/", token: back.text("token"))
    #expect(history["items.1.content"] == answer["message"])
    // What is no such token, or another chatbot's, begins anew and opens nothing.
    let other = try await api.chatbot(of: try await api.signUp("eve"))
    for (token, chatbot) in [
      ("x", chatbot), (first.text("token"), chatbot), (first.text("resume"), other),
    ] {
      let new = try await resume(token, chatbot)
      #expect(new["session_id"] != first["session_id"], "\(new.text)")
    }
  }
}
