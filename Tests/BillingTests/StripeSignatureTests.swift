import Billing
import Foundation
import TestSupport
import Testing

/// Deliveries that are Stripe's and deliveries that only look so, with Stripe's own library as judge.
@Suite struct StripeSignatureTests {
  static let now = 1_795_743_762
  static let body = Array(#"{"id":"evt_1","object":"event","name":"Zoë"}"#.utf8)

  static func accepts(
    _ header: String?, body: [UInt8] = body, secrets: [String] = ["whsec_one"], now: Int = now
  ) -> Bool {
    (try? StripeSignature.verify(header: header, body: body, secrets: secrets, now: now)) != nil
  }

  static func v1(_ secret: String = "whsec_one", at time: Int = now, of body: [UInt8] = body)
    -> String
  {
    String(
      StripeSignature.header(for: body, secret: secret, time: time).split(separator: "=").last ?? ""
    )
  }

  @Test func `old and future deliveries are refused, and so is a changed body`() {
    for (age, isAccepted) in [
      (0, true), (295, true), (300, true), (301, false), (305, false), (-295, true), (-300, true),
      (-301, false), (-3600, false),
    ] {
      let header = StripeSignature.header(
        for: Self.body, secret: "whsec_one", time: Self.now - age)
      #expect(Self.accepts(header) == isAccepted, "\(age) s")
    }
    let header = StripeSignature.header(for: Self.body, secret: "whsec_one", time: Self.now)
    for index in Self.body.indices {
      var changed = Self.body
      changed[index] ^= 1
      #expect(!Self.accepts(header, body: changed))
    }
    #expect(!Self.accepts(header, body: Self.body + [10]))
    // A time that was not signed.
    #expect(
      !Self.accepts(header.replacingOccurrences(of: "t=\(Self.now)", with: "t=\(Self.now+1)")))
  }

  @Test func `any of several signatures and secrets will do`() {
    let (one, two) = (Self.v1("whsec_one"), Self.v1("whsec_two"))
    let other = String(repeating: "0", count: 64)
    #expect(Self.accepts("t=\(Self.now),v1=\(other),v1=\(one)"))
    #expect(
      Self.accepts("t=\(Self.now),v1=\(two),v1=\(other)", secrets: ["whsec_one", "whsec_two"]))
    #expect(Self.accepts("t=\(Self.now),v1=\(one),v0=\(other)"))
    #expect(Self.accepts("v1=\(one),t=\(Self.now)"))
    #expect(!Self.accepts("t=\(Self.now),v1=\(two)"))
    #expect(!Self.accepts("t=\(Self.now),v1=\(one)", secrets: []))
  }

  @Test(arguments: [
    nil, "", "t=1", "v1=00", "t=\(now)", "t=\(now),v1=", "t=\(now),v0=\(v1())", "\(v1())",
    "t=+\(now),v1=\(v1())", "t= \(now),v1=\(v1())", "t=\(now),t=\(now),v1=\(v1())",
    "t=\(now).0,v1=\(v1())", "t=-1,v1=\(v1())", "t=99999999999999999999,v1=\(v1())",
    "t=\(now),v1=\(v1().uppercased())", "t=\(now),v1=\(v1().dropLast())", "t=\(now),,v1=\(v1())",
    "t=\(now),v1=\(v1())" + String(repeating: ",x=y", count: 2000),
  ])
  func `what is no signature is refused`(header: String?) {
    #expect(!Self.accepts(header))
  }

  @Test func `Stripe's own library agrees, but for the future`() throws {
    let oracle = try Peer("stripe_oracle.py")
    struct Question: Encodable {
      let body: String
      let header: String
      let secret: String
      let now: Int
    }
    func ask(_ header: String, _ body: [UInt8], _ secret: String) throws -> Bool {
      let question = Question(
        body: Data(body).base64EncodedString(), header: header, secret: secret, now: Self.now)
      oracle.write(String(decoding: try JSONEncoder().encode(question), as: UTF8.self))
      return try #require(oracle.line()) == "true"
    }
    var random = SystemRandomNumberGenerator()
    var counts: [Bool: Int] = [:]
    for _ in 0..<300 {
      let text = String(
        (0..<Int.random(in: 0..<200)).map { _ in
          ["a", "é", "{", "\"", "\n", "🧵"].randomElement() ?? "a"
        }
        .joined())
      let body = Array(text.utf8)
      let secret = ["whsec_one", "whsec_ü", "x"].randomElement() ?? ""
      let time = Self.now - Int.random(in: 0...600)
      var header = StripeSignature.header(for: body, secret: secret, time: time)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        header = header.replacingOccurrences(of: "v1=", with: "v0=")
      case 1:
        header += ",v1=\(String(repeating: "a", count: 64))"
      case 2:
        header = String(header.dropLast()) + (header.hasSuffix("0") ? "1" : "0")
      default: break
      }
      let judged = try ask(header, body, secret)
      #expect(Self.accepts(header, body: body, secrets: [secret]) == judged, "\(header) \(text)")
      counts[judged, default: 0] += 1
    }
    #expect(counts[true, default: 0] > 30 && counts[false, default: 0] > 30, "\(counts)")
    // What it signs, we accept.
    let signed =
      #"{"sign":\#(Self.now),"secret":"whsec_one","body":"\#(Data(Self.body).base64EncodedString())"}"#
    oracle.write(signed)
    let header = try JSONDecoder().decode(
      String.self, from: Data(try #require(oracle.line()).utf8))
    #expect(Self.accepts(header))
    // It takes what is signed in an hour from now; we do not.
    let future = StripeSignature.header(for: Self.body, secret: "whsec_one", time: Self.now + 3600)
    #expect(try ask(future, Self.body, "whsec_one"))
    #expect(!Self.accepts(future))
  }
}
