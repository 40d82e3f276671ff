import Foundation
import Spool
import Storage
import TestSupport
import Testing
import WebClient

@testable import App

/// Letters to a real mail server, tokens before another reader.
@Suite(.serialized) struct PeerTests {
  private struct Letter: Decodable {
    let from: String
    let to: [String]
    let content: String
  }

  @Test func `a letter reaches a mail server as it was written`() async throws {
    let sink = try Peer("smtp_sink.py")
    let port = try #require(sink.line())
    let transport = MailTransport.smtp("smtp://127.0.0.1:\(port)", requiresTLS: false)
    for (subject, text) in [
      ("plain", "Dear Ada,\n\n.a line that begins with a dot\n..two\n"),
      ("für Ada – naïve", "Köln\n\nÜber " + String(repeating: "ä", count: 500)),
    ] {
      let letter = App.Letter(to: "ada@example.com", subject: subject, text: text)
      try await transport.send(
        "bobbin@example.com", "ada@example.com",
        letter.message(from: "bobbin@example.com", id: "x", now: 1_795_700_000_000))
      let line = try #require(sink.line())
      let seen = try JSONDecoder().decode(Letter.self, from: Data(line.utf8))
      #expect(seen.from == "bobbin@example.com" && seen.to == ["ada@example.com"])
      let parts = seen.content.components(separatedBy: "\r\n\r\n")
      #expect(parts[0].contains("Date: Thu, 26 Nov 2026 "), "\(parts[0])")
      #expect(parts[0].utf8.allSatisfy { $0 < 0x80 })
      let body = parts.dropFirst().joined(separator: "\r\n\r\n")
      if parts[0].contains("base64") {
        let data = try #require(
          Data(base64Encoded: body.components(separatedBy: "\r\n").joined()))
        #expect(String(decoding: data, as: UTF8.self) == text)
      } else {
        #expect(
          body.trimmingCharacters(in: .newlines)
            == text.replacingOccurrences(of: "\n", with: "\r\n").trimmingCharacters(in: .newlines))
      }
    }
  }

  @Test func `what a mail server does not take is told apart`() async throws {
    let sink = try Peer("smtp_sink.py")
    let port = try #require(sink.line())
    let message = Array("Subject: x\r\n\r\nx\r\n".utf8)
    let open = MailTransport.smtp("smtp://127.0.0.1:\(port)", requiresTLS: false)
    func failure(_ transport: MailTransport, _ to: String) async -> MailError? {
      do throws(MailError) {
        try await transport.send("a@example.com", to, message)
        return nil
      } catch { return error }
    }
    #expect(await failure(open, "refuse@example.com")?.isTransient == false)
    #expect(await failure(open, "later@example.com")?.isTransient == true)
    // This server offers no encryption: then nothing is sent.
    let secure = MailTransport.smtp("smtp://127.0.0.1:\(port)", requiresTLS: true)
    #expect(await failure(secure, "ada@example.com") != nil)
    let nobody = MailTransport.smtp("smtp://127.0.0.1:\(try Self.unusedPort())", requiresTLS: false)
    #expect(await failure(nobody, "ada@example.com")?.isTransient == true)
    let silent = try LoopbackServer { _, _ in }
    let slow = MailTransport.smtp(
      "smtp://\(silent.hostAndPort)", requiresTLS: false, seconds: 1)
    #expect(await failure(slow, "ada@example.com")?.isTransient == true)
    #expect(
      await failure(.smtp("http://127.0.0.1/", requiresTLS: false), "a@b.c")?.isTransient == false)
    #expect(await failure(open, "a@b.c>\r\nRCPT TO:<x@y.z")?.isTransient == false)
  }

  private static func unusedPort() throws -> UInt16 { try LoopbackServer { _, _ in }.port }

  @Test func `another reader reads our tokens as we do, and refuses what we refuse`() throws {
    let key = [UInt8](repeating: 7, count: 32)
    let secrets = try SecretKeys(
      text: "k1 \(Base64URL.encode(key))\nderivation \(Base64URL.encode(key))", from: "test")
    let signer = TokenSigner(secrets, issuer: TestAPI.origin)
    let now = WallClock.now()
    let claims = TokenClaims(
      subject: "u", session: "s", epoch: 3, channel: "share", signedInAt: now / 1000 * 1000)
    let oracle = try Peer("jwt_oracle.py")
    let hex = SHA256Digest.hexDigits(of: key)
    func ask(_ token: String) throws -> JSONValue {
      oracle.write("\(hex) \(token) \(TestAPI.origin)")
      return try StrictJSON.parse(Array(try #require(oracle.line()).utf8))
    }
    let token = signer.sign(claims, as: .access, lifetime: 60, now: now)
    guard case .object(let seen) = try ask(token), case .object(let header)? = seen["header"],
      case .object(let members)? = seen["claims"]
    else {
      Issue.record("PyJWT does not read it")
      return
    }
    #expect(header["typ"] == .string("access+jwt") && header["kid"] == .string("k1"))
    #expect(members["sub"] == .string("u") && members["epoch"] == .integer(3))
    #expect(members["exp"] == .integer(now / 1000 + 60))
    #expect(signer.verify(token, as: .access, now: now) == claims)
    let parts = token.split(separator: ".")
    for forged in [
      "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))",
      "\(parts[0]).\(Base64URL.encode(Array("{}".utf8))).\(parts[2])",
      signer.sign(claims, as: .access, lifetime: -10, now: now),
      TokenSigner(secrets, issuer: "https://other.example").sign(
        claims, as: .access, lifetime: 60, now: now),
    ] {
      #expect(try ask(forged) == .null)
      #expect(signer.verify(forged, as: .access, now: now) == nil)
    }
  }
}
