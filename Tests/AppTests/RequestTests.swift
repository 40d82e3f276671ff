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

  @Test func `a target over eight KiB is refused before anything else`() async throws {
    let api = try TestAPI()
    for (length, status) in [(8192, 401), (8193, 414)] {
      let path = "/api/chatbots/?cursor="
      let reply = try await api.send(
        "GET", path + String(repeating: "a", count: length - path.utf8.count))
      #expect(reply.status == status)
    }
    let preflight = try await api.send(
      "OPTIONS", "/" + String(repeating: "a", count: 9000),
      headers: ["Origin": "https://x.example", "Access-Control-Request-Method": "POST"])
    #expect(preflight.status == 414 && preflight.code == "target-too-long")
    #expect(preflight.header("X-Content-Type-Options") == "nosniff")
  }

  @Test func `a host is named once and can be one`() async throws {
    let api = try TestAPI()
    for (host, more, status) in [
      ("chat.example.com:8443", nil, 200), ("[2001:db8::1]:80", nil, 200), ("", nil, 200),
      (nil, nil, 400), ("a.example", "b.example", 400), ("a.example/x", nil, 400),
      ("u@a.example", nil, 400), ("a b", nil, 400),
    ] as [(String?, String?, Int)] {
      let reply = try await api.send(
        "GET", "/livez", headers: more.map { ["Host": $0] } ?? [:], host: host)
      #expect(reply.status == status, "\(host ?? "none") \(more ?? "")")
    }
  }

  @Test func `HEAD of a stream has no length, begins nothing and takes no place`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let path = "/api/chatbots/\(chatbot)/status/"
    // More than an owner may have open at once.
    for _ in 0..<12 {
      let head = try await api.send(
        "HEAD", path, token: ada.token, headers: ["Accept": "text/event-stream"])
      #expect(head.status == 200 && head.header("Content-Type") == "text/event-stream")
      #expect(head.header("Content-Length") == nil && head.body.isEmpty)
    }
    let stream = try await api.send(
      "GET", path, token: ada.token, headers: ["Accept": "text/event-stream"])
    #expect(stream.status == 200 && stream.text.contains("event: done"))
    let whole = try await api.send("GET", path, token: ada.token)
    let head = try await api.send("HEAD", path, token: ada.token)
    #expect(head.header("Content-Length") == "\(whole.body.count)" && head.body.isEmpty)
  }
}
