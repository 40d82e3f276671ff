// What a page and its server ask of robots: `noindex` and `nofollow`, in the markup or in a header.

package import Markup
package import WebClient

/// The wishes that concern us.
package struct PageWishes: Equatable, Sendable {
  package var noindex = false
  package var nofollow = false

  package init(headers: WebHeaders, page: HTMLPage?) {
    var words = page?.robots ?? []
    for value in headers.values("X-Robots-Tag") { words.formUnion(Self.words(of: value)) }
    noindex = !words.isDisjoint(with: ["noindex", "none"])
    nofollow = !words.isDisjoint(with: ["nofollow", "none"])
  }

  /// The words of a header's value that are said to all robots, or to us: `bobbin: noindex`.
  private static func words(of value: String) -> Set<String> {
    var words: Set<String> = []
    var isOurs = true
    for part in value.lowercased().split(separator: ",") {
      var word = part.drop { $0.isWhitespace }
      if let colon = word.firstIndex(of: ":") {
        let name = word[..<colon].filter { !$0.isWhitespace }
        // Of the rules that have a value none concerns us.
        if ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"]
          .contains(String(name))
        {
          continue
        }
        isOurs = name == RobotsRules.token
        word = word[word.index(after: colon)...]
      }
      if isOurs { words.insert(String(word.filter { !$0.isWhitespace })) }
    }
    return words
  }
}
