// Signed messages between servers (Standard Webhooks 1.0, standardwebhooks.com): three headers, HMAC-SHA256 over id, time and the
// raw body. Secrets are worked out from the server's own key and a counter in the chatbot's row, so no row holds one.

import Corpus
import FoundationEssentials
import Spool

/// The scheme.
enum StandardWebhook {
  /// Seconds by which a message may be older or younger than our clock says.
  static let tolerance = 300

  /// The headers of a message.
  ///
  /// - Parameter seconds: since 1970 UTC, of this try.
  /// - Parameter keys: a signature by each; a receiver takes any it knows.
  static func headers(
    id: String, seconds: Int, body: [UInt8], keys: [[UInt8]]
  ) -> [(name: String, value: String)] {
    let signatures = keys.map { signature(id: id, seconds: seconds, body: body, key: $0) }
    return [
      ("webhook-id", id), ("webhook-timestamp", String(seconds)),
      ("webhook-signature", signatures.joined(separator: " ")),
    ]
  }

  /// `v1,` and the code in base64.
  static func signature(id: String, seconds: Int, body: [UInt8], key: [UInt8]) -> String {
    let code = HMACSHA256.code(Array("\(id).\(seconds).".utf8) + body, key: key)
    return "v1,\(Data(code).base64EncodedString())"
  }

  /// Whether a message is from who holds one of the keys, and of this time.
  ///
  /// - Parameter timestamp: the header as it came.
  /// - Parameter signatures: the header as it came: signatures of any version, separated by spaces.
  /// - Parameter now: ms since 1970 UTC.
  static func verify(
    id: String, timestamp: String, signatures: String, body: [UInt8], keys: [[UInt8]], now: Int
  ) -> Bool {
    // Compared and not subtracted: it is a stranger's number, and may be the least there is.
    guard let seconds = Int(timestamp), timestamp == String(seconds),
      (now / 1000 - tolerance...now / 1000 + tolerance).contains(seconds)
    else { return false }
    let message = Array("\(id).\(seconds).".utf8) + body
    return signatures.split(separator: " ").prefix(8).contains { text in
      guard text.hasPrefix("v1,"), let code = Data(base64Encoded: String(text.dropFirst(3))) else {
        return false
      }
      return keys.contains { HMACSHA256.verify(Array(code), of: message, key: $0) }
    }
  }

  /// A secret as it is shown and as libraries take it.
  static func text(of key: [UInt8]) -> String { "whsec_\(Data(key).base64EncodedString())" }
}

/// The secrets of chatbots' webhooks.
struct WebhookSecrets: Sendable {
  enum Direction: String, Sendable {
    /// Ours to the CRM.
    case out
    /// The CRM's to us.
    case `in`
  }

  /// How long the secret before the newest stays good, in ms.
  static let overlap = 86_400_000

  /// The server's key that never changes.
  let derivation: [UInt8]

  /// A secret's 32 bytes.
  func key(_ direction: Direction, of chatbot: ChatbotID, version: Int) -> [UInt8] {
    HMACSHA256.code(
      Array("bobbin webhook \(direction.rawValue)\u{0}\(chatbot.text)\u{0}\(version)".utf8),
      key: derivation)
  }

  /// The secrets that are good at a time, the newest first.
  ///
  /// - Parameter rotatedAt: when the newest became so; ms since 1970 UTC.
  func keys(
    _ direction: Direction, of chatbot: ChatbotID, version: Int, rotatedAt: Int?, now: Int
  ) -> [[UInt8]] {
    let newest = key(direction, of: chatbot, version: version)
    guard let rotatedAt, now - rotatedAt < Self.overlap, version > 1 else { return [newest] }
    return [newest, key(direction, of: chatbot, version: version - 1)]
  }
}
