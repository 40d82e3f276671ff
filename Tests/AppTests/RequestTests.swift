import Foundation
import Testing

@testable import App

/// What a request may hold, whatever its route.
@Suite struct RequestTests {
  @Test func `the sign that ends a text for the database is refused wherever text is taken`()
    async throws
  {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let query = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/conversations/?q=%00", token: ada.token)
    #expect(query.status == 422)
    for (method, path, body) in [
      ("PATCH", "/api/auth/me", #"{"name":"a\u0000b"}"#),
      ("PATCH", "/api/chatbots/\(chatbot)/", #"{"description":"a\u0000b"}"#),
      ("POST", "/api/chat/\(chatbot)/", #"{"message":"a\u0000b"}"#),
    ] {
      let reply = try await api.send(method, path, token: ada.token, json: body)
      #expect(reply.status == 422 && reply.code == "invalid", "\(path)")
    }
  }

  @Test func `a client cannot choose its address, however its proxy spells it`() async throws {
    let api = try TestAPI(["BOBBIN_TRUSTED_PROXIES": "127.0.0.1,10.0.0.2"])
    for hop in ["9.9.9.9", "9.9.9.9:4711", "[2001:db8::1]:443", "unknown", "9.9.9.8, 10.0.0.2"] {
      var codes: [Int] = []
      for number in 0..<14 {
        let reply = try await api.send(
          "POST", "/api/auth/password/reset", json: #"{"email":"q\#(number)@example.org"}"#,
          headers: ["X-Forwarded-For": "6.6.6.\(number), \(hop)"])
        codes.append(reply.status)
      }
      #expect(codes.contains(429), "\(hop): \(codes)")
    }
  }

  @Test func `a preflight carries the headers of every answer`() async throws {
    let api = try TestAPI()
    let reply = try await api.send(
      "OPTIONS", "/api/auth/login",
      headers: ["Origin": "https://evil.example", "Access-Control-Request-Method": "POST"])
    #expect(reply.status == 204)
    #expect(reply.header("Access-Control-Allow-Origin") == nil)
    for name in ["X-Content-Type-Options", "Strict-Transport-Security", "X-Request-Id"] {
      #expect(reply.header(name) != nil, "\(name)")
    }
  }
}
