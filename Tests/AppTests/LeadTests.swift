// Leads: left by a visitor on purpose, read and removed by the owner, forgotten with the person.

import Foundation
import TestSupport
import Testing

@testable import App

@Suite struct LeadTests {
  private static let form =
    #"{"lead_form":{"enabled":true,"fields":["name","note"],"after_messages":1}}"#

  @Test func `a visitor leaves an address when the form is on`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    let visitor = try await api.visitor(of: chatbot)
    let path = "/api/chat/\(chatbot)/leads/"
    let lead = #"{"email":"Bo@Example.org","name":" Bo ","phone":"1","note":"","consent":true}"#
    #expect(try await api.send("POST", path, token: visitor, json: lead).code == "forbidden")
    try await api.send("PATCH", "/api/chatbots/\(chatbot)/", token: ada.token, json: Self.form)
    let refused = try await api.send(
      "POST", path, token: visitor, json: #"{"email":"bo@example.org","consent":false}"#)
    #expect(refused.status == 422)
    let first = try await api.send("POST", path, token: visitor, json: lead)
    #expect(first.status == 201)
    // The same address again is the same lead, with what is new of it.
    let again = try await api.send(
      "POST", path, token: visitor,
      json: #"{"email":"bo@example.org","note":"Call me.","consent":true}"#)
    #expect(again.text("lead_id") == first.text("lead_id"))
    let list = try await api.send("GET", "/api/chatbots/\(chatbot)/leads/", token: ada.token)
    #expect(list.text("items.0.email") == "bo@example.org" && list.text("items.0.name") == "Bo")
    #expect(list.text("items.0.note") == "Call me.")
    // The form has no such field.
    #expect(list["items.0.phone"] == .null && list["items.1"] == .null)
    for address in ["b@example.org", "c@example.org"] {
      let more = try await api.send(
        "POST", path, token: visitor, json: #"{"email":"\#(address)","consent":true}"#)
      #expect(more.status == 201)
    }
    let fourth = try await api.send(
      "POST", path, token: visitor, json: #"{"email":"d@example.org","consent":true}"#)
    #expect(fourth.status == 429 && fourth.header("Retry-After") != nil)
  }

  @Test func `a spreadsheet runs nothing of an export, and a person is forgotten by address`()
    async throws
  {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let chatbot = try await api.chatbot(of: ada)
    try await api.send("PATCH", "/api/chatbots/\(chatbot)/", token: ada.token, json: Self.form)
    let visitor = try await api.visitor(of: chatbot)
    try await api.send(
      "POST", "/api/chat/\(chatbot)/", token: visitor, json: #"{"message":"hello"}"#)
    try await api.send(
      "POST", "/api/chat/\(chatbot)/leads/", token: visitor,
      json: #"{"email":"bo@example.org","name":"=1+1","note":"\"quoted\", twice","consent":true}"#)
    let table = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/leads/export/?format=csv", token: ada.token)
    #expect(table.text.contains(#""'=1+1","","""quoted"", twice""#))
    let lines = try await api.send(
      "GET", "/api/chatbots/\(chatbot)/leads/export/", token: ada.token)
    #expect(lines.text.contains(#""email":"bo@example.org""#))
    let erase = "/api/chatbots/\(chatbot)/erase/"
    let nobody = try await api.send("POST", erase, token: ada.token, json: "{}")
    #expect(nobody["leads"] == .integer(0) && nobody["conversations"] == .integer(0))
    let receipt = try await api.send(
      "POST", erase, token: ada.token, json: #"{"email":"BO@example.org"}"#)
    #expect(receipt["leads"] == .integer(1) && receipt["conversations"] == .integer(1))
    let left = try await api.send("GET", "/api/chatbots/\(chatbot)/leads/", token: ada.token)
    #expect(left["items"] == .array([]))
  }
}
