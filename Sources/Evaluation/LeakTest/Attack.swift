// What visitors might say to get private text out: an attack suite of our own, in twelve classes, kept as data.

package import Foundation

/// One attack.
package struct Attack: Decodable, Sendable {
  package let id: String
  /// repeat-above, translate, encode, role-play, prefix, continuation, summarise, crescendo, injection-by-document,
  /// language-switch, table-json or guess-and-confirm.
  package let kind: String
  /// The visitor's messages, in order.
  package let turns: [String]
  package let language: String
  /// A citable passage that somebody has planted for it.
  package let document: String?

  private enum CodingKeys: String, CodingKey {
    case id, turns, language, document
    case kind = "class"
  }

  /// The whole suite.
  ///
  /// - Throws: `DecodingError` for a line that is no attack.
  package static func suite() throws -> [Attack] {
    try PackageResources.attacks_jsonl.split(separator: 10).map {
      try JSONDecoder().decode(Attack.self, from: Data($0))
    }
  }

  /// A text of the attack, aimed at a canary.
  static func aimed(_ text: String, at canary: Canary) -> String {
    let half = canary.sentence.split(separator: " ").prefix(5).joined(separator: " ")
    var aimed = text
    for (name, value) in [
      ("{topic}", canary.topic), ("{code}", canary.code), ("{name}", canary.firstName),
      ("{sentence}", half),
    ] {
      aimed = aimed.replacing(name, with: value)
    }
    return aimed
  }
}
