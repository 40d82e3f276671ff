// Where an account is signed in, and the end of it.

import Foundation
import TestSupport
import Testing

@testable import App

@Suite struct SessionTests {
  @Test func `an account sees where it is signed in and ends one place`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let other = try await api.send(
      "POST", "/api/auth/login",
      json: #"{"email":"\#(ada.email)","password":"\#(TestAPI.password)","delivery":"body"}"#)
    let sessions = try await api.send("GET", "/api/auth/sessions/", token: ada.token)
    guard case .array(let items) = sessions["items"] else {
      Issue.record("no list")
      return
    }
    #expect(items.count == 2)
    let current = items.indices.filter { sessions["items.\($0).is_current"] == .bool(true) }
    #expect(current.count == 1)
    let elsewhere = try #require(items.indices.first { !current.contains($0) })
    let path = "/api/auth/sessions/\(sessions.text("items.\(elsewhere).id"))/"
    #expect(try await api.send("DELETE", path, token: ada.token).status == 204)
    #expect(
      try await api.send("GET", "/api/auth/me", token: other.text("access_token")).status == 401)
    #expect(try await api.send("GET", "/api/auth/me", token: ada.token).status == 200)
    #expect(try await api.send("DELETE", path, token: ada.token).status == 404)
  }

  @Test func `whoever deleted an account is told that there is none`() async throws {
    let api = try TestAPI()
    let ada = try await api.signUp("ada")
    let body = #"{"password":"\#(TestAPI.password)"}"#
    #expect(
      try await api.send("DELETE", "/api/auth/me", token: ada.token, json: body).status == 204)
    let login = try await api.send(
      "POST", "/api/auth/login",
      json: #"{"email":"\#(ada.email)","password":"\#(TestAPI.password)"}"#)
    #expect(login.status == 401 && login.code == "invalid-credentials")
  }
}
