// A document's address that opens at a place: a page of a PDF, a second of a recording, words on a web page.
//
// Text directives after the WICG draft "URL Fragment Text Directives": words percent-encoded, with `-`, `,` and `&`
// encoded too because they are its syntax. Does not check that the address still answers.

/// Builds the link of a citation.
struct PlaceLink {
  /// Words of a quote that a text directive looks for; more only makes it likelier that a change breaks it.
  private static let directiveWords = 8

  /// nil for anything but an http or https address.
  let url: String?
  /// `:~:text=…` when `url` has one.
  let fragment: String?

  init(uri: String, mediaType: String, page: Int?, second: Int?, quote: String) {
    guard Self.isWebAddress(uri) else {
      (url, fragment) = (nil, nil)
      return
    }
    let parts = uri.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let base = String(parts.first ?? "")
    let own = parts.count > 1 ? String(parts[1]) : ""
    if let second, second >= 0 {
      (url, fragment) = (Self.video(base, second: second), nil)
    } else if mediaType == "application/pdf" {
      (url, fragment) = (page.map { "\(base)#page=\($0)" } ?? uri, nil)
    } else if Self.isText(mediaType), mediaType != "text/vtt", let directive = Self.directive(quote)
    {
      // A directive of the address's own gives way to ours, an anchor stays.
      let anchor = own.firstRange(of: ":~:").map { String(own[..<$0.lowerBound]) } ?? own
      (url, fragment) = ("\(base)#\(anchor)\(directive)", directive)
    } else {
      (url, fragment) = (uri, nil)
    }
  }

  /// Whether a browser may be sent there: http or https, with a host, without white space, controls or quotes.
  private static func isWebAddress(_ uri: String) -> Bool {
    let lower = uri.prefix(8).lowercased()
    guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else { return false }
    let rest = uri.dropFirst(lower.hasPrefix("https://") ? 8 : 7)
    return rest.first.map { $0 != "/" && $0 != "?" && $0 != "#" } ?? false
      && uri.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F
          && !"\"'<>`\\".unicodeScalars.contains($0)
      }
  }

  /// Kinds that a browser shows as text it can search.
  private static func isText(_ mediaType: String) -> Bool {
    mediaType.hasPrefix("text/") || mediaType == "application/xhtml+xml"
  }

  /// `t` in the query where the big sites read it, a media fragment elsewhere.
  private static func video(_ base: String, second: Int) -> String {
    let rest = base.drop { $0 != ":" }.dropFirst(3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }.lowercased()
    let host = authority.split(separator: ":").first.map(String.init) ?? authority
    let isYouTube =
      host == "youtu.be" || host == "youtube.com" || host.hasSuffix(".youtube.com")
      || host.hasSuffix(".youtube-nocookie.com")
    guard isYouTube else { return "\(base)#t=\(second)" }
    let halves = base.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let kept =
      halves.count > 1 ? halves[1].split(separator: "&").filter { !$0.hasPrefix("t=") } : []
    let query = (kept.map(String.init) + ["t=\(second)"]).joined(separator: "&")
    return "\(halves.first ?? "")?\(query)"
  }

  /// The directive for the first words of a quote; nil when it has none.
  ///
  /// Only up to the first border between cells or lines: across it the page's own text runs differently.
  private static func directive(_ quote: String) -> String? {
    // "Name: cell" is how a table's row is written here, not how it stands on the page.
    var line = quote.prefix { !$0.isNewline && $0 != "\t" && $0 != "…" }
    if let bar = line.firstRange(of: " | ") {
      line = line[..<bar.lowerBound]
      if let colon = line.firstRange(of: ": ") { line = line[colon.upperBound...] }
    }
    let words = line.split(separator: " ").drop { !$0.contains { $0.isLetter || $0.isNumber } }
    guard !words.isEmpty else { return nil }
    // An unspaced script has no words to count: its first characters do.
    let text = words.prefix(directiveWords).joined(separator: " ").prefix(80)
    var end = text[...]
    while let last = end.last, !last.isLetter, !last.isNumber { end = end.dropLast() }
    return end.isEmpty ? nil : ":~:text=" + encoded(String(end))
  }

  /// Everything but unreserved letters as %XX, `-` too.
  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x5F, 0x7E: bytes.append(byte)
      default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
