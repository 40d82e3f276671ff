import Foundation
import Storage
import Testing

@testable import App

/// What an operator looks into, one thing at a time.
@Suite struct AdminDetailTests {
  @Test func `an operator finds and opens what is anybody's, and reading a talk is noted`()
    async throws
  {
    let api = try await TestAPI()
    let ada = try await api.signUp("ada")
    let admin = try await api.signUp("admin")
    try await api.promote(admin)
    let chatbot = try await api.chatbot(of: ada, "Tower")
    let source = try await api.send(
      "POST", "/api/chatbots/\(chatbot)/sources/", token: ada.token,
      json: #"{"source_type":"url","source_url":"https://tower.example.com/Opening/"}"#
    ).text("id")
    #expect(!source.isEmpty)
    _ = try await api.send(
      "PATCH", "/api/chatbots/\(chatbot)/", token: ada.token,
      json: #"{"lead_form":{"enabled":true,"fields":[],"after_messages":0}}"#)
    let visitor = try await api.visitor(of: chatbot)
    let asked = try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"How high is it?"}"#)
    let conversation = asked.text("conversation_id")

    func found(_ path: String) async throws -> TestAPI.Reply {
      let reply = try await api.send("GET", "/api/admin/" + path, token: admin.token)
      #expect(reply.status == 200, "\(path): \(reply.status)")
      return reply
    }
    let shown = try await found("chatbots/\(chatbot)/").text
    #expect(shown.contains("ada@example.com") && shown.contains(source))
    let opened = try await found("sources/\(source)/").text
    #expect(opened.contains("tower.example.com") && opened.contains(#""documents":["#))
    // Searched for in any case, by address and by chatbot.
    for words in ["TOWER.example", "opening", chatbot] {
      let list = try await found("sources/?q=\(words)").text
      #expect(list.contains(source), "\(words)")
    }
    let none = try await found("sources/?q=castle").text
    #expect(!none.contains(source))

    // Reading what people said is an act, noted before it is done.
    let talk = try await found("conversations/\(conversation)/").text
    #expect(talk.contains("How high is it?"))
    let log = try await found("audit/").text
    #expect(log.contains("conversation.read") && log.contains(conversation))
    // A list shows what was asked first, and what visitors have left: that is reading, too.
    #expect(!log.contains("conversation.list") && !log.contains("delivery.list"))
    let talks = try await found("conversations/?q=high").text
    #expect(talks.contains("How high is it?"))
    _ = try await found("deliveries/")
    let longer = try await found("audit/").text
    #expect(longer.contains("conversation.list"))
    #expect(longer.contains(#"{\"q\":\"high\"}"#), "\(longer)")
    #expect(longer.contains("delivery.list"))

    for path in [
      "chatbots/none/", "sources/none/", "runs/none/", "conversations/none/", "deliveries/none/",
    ] {
      #expect(
        try await api.send("GET", "/api/admin/" + path, token: admin.token).status == 404, "\(path)"
      )
      #expect(
        try await api.send("GET", "/api/admin/" + path, token: ada.token).status == 403, "\(path)")
    }
    let failures = try await found("documents/").text
    #expect(failures.contains(#""items":[]"#))
  }

  @Test func `a training is opened by whoever runs the server`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let admin = try await api.signUp("admin")
    try await api.promote(admin)
    let chatbot = try await api.chatbot(of: ada, "Tower")
    _ = try await api.send(
      "POST", "/api/chatbots/\(chatbot)/sources/", token: ada.token,
      json: #"{"source_type":"url","source_url":"https://tower.example.com/"}"#)
    let run = try await api.send(
      "POST", "/api/chatbots/\(chatbot)/train/", token: ada.token, json: "{}"
    ).text("id")
    let opened = try await api.send("GET", "/api/admin/runs/\(run)/", token: admin.token)
    #expect(opened.status == 200 && opened.text("chatbot_id") == chatbot)
    // Found by its id, its chatbot's id, and part of that one's name in any case.
    for (words, isFound) in [(run, true), (chatbot, true), ("TOW", true), ("castle", false)] {
      let list = try await api.send("GET", "/api/admin/runs/?q=\(words)", token: admin.token)
      #expect(list.status == 200 && list.text.contains(run) == isFound, "\(words)")
    }
  }
}
