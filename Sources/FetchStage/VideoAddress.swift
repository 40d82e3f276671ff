// Which addresses are a YouTube video's, and its one address: watch pages, short links, shorts, embeds and live pages are the
// same video.

import WebClient

/// The address of a video on YouTube.
package struct VideoAddress: Equatable, Sendable {
  /// Eleven of `A-Z a-z 0-9 - _`.
  package let id: String

  /// nil for the address of anything else.
  package init?(_ address: String) {
    guard let url = try? WebURL(parsing: address) else { return nil }
    let halves = url.pathAndQuery.split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = (halves.first ?? "").split(separator: "/")
    let query = halves.count > 1 ? halves[1].split(separator: "&") : []
    let found: Substring?
    switch Self.site(of: url.host) {
    case .short: found = path.first
    case .long where path.first == "watch":
      found = query.first { $0.hasPrefix("v=") }?.dropFirst(2)
    case .long where path.count > 1 && ["shorts", "embed", "live", "v"].contains(path[0]):
      found = path[1]
    case .long, nil: found = nil
    }
    guard let found, found.utf8.count == 11,
      found.utf8.allSatisfy({ byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
          || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F
      })
    else { return nil }
    id = String(found)
  }

  /// The page that plays it.
  package var watchPage: String { "https://www.youtube.com/watch?v=\(id)" }

  private enum Host { case short, long }

  private static func site(of host: String) -> Host? {
    if host == "youtu.be" || host == "www.youtu.be" { return .short }
    for name in ["youtube.com", "youtube-nocookie.com"]
    where host == name || host.hasSuffix("." + name) {
      return .long
    }
    return nil
  }
}
