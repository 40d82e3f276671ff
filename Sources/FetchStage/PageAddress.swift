// The one spelling under which a crawl compares addresses. What WHATWG's parser makes equal is WebURL's doing (host, port, dot
// segments, fragment); here falls what differs in writing and never in the page: escapes, session and campaign parameters.
// Everything here works on bytes: addresses in their one spelling are ASCII, and a page may have a hundred thousand of them.
//
// The query's order is kept: it may matter, and a site writes its links alike. Trailing slashes are kept, too: redirects and
// canonical links say which of the two is meant.

package import WebClient

/// Addresses of pages.
package enum PageAddress {
  /// The address in its one spelling; nil when it may not be requested.
  ///
  /// - Parameter base: what a relative reference is relative to.
  package static func normal(_ text: String, relativeTo base: String? = nil) -> String? {
    let parsedBase: WebURL?
    if let base {
      guard let url = try? WebURL(parsing: base) else { return nil }
      parsedBase = url
    } else {
      parsedBase = nil
    }
    guard let url = try? WebURL(parsing: text, relativeTo: parsedBase) else { return nil }
    return origin(of: url) + normalPath(url.pathAndQuery)
  }

  /// Scheme, host and port, the port only where it is not the scheme's own.
  package static func origin(of url: WebURL) -> String {
    let usual: UInt16 = url.scheme == "https" ? 443 : 80
    return "\(url.scheme)://\(url.host)" + (url.port == usual ? "" : ":\(url.port)")
  }

  /// The origin of a normal address.
  package static func origin(of address: String) -> String {
    String(address[..<originEnd(address)])
  }

  /// Path and query of a normal address.
  package static func path(of address: String) -> Substring {
    address[originEnd(address)...]
  }

  private static func originEnd(_ address: String) -> String.Index {
    var slashes = 0
    for index in address.utf8.indices where address.utf8[index] == UInt8(ascii: "/") {
      slashes += 1
      if slashes == 3 { return index }
    }
    return address.endIndex
  }

  private static func normalPath(_ pathAndQuery: String) -> String {
    let mark = pathAndQuery.utf8.firstIndex(of: UInt8(ascii: "?"))
    let path = PercentEncoding.normal(
      withoutSession(pathAndQuery[..<(mark ?? pathAndQuery.endIndex)]))
    guard let mark else { return path }
    let kept = pathAndQuery[mark...].utf8.dropFirst().split(separator: UInt8(ascii: "&"))
      .map { Substring($0) }.filter { !isNoise($0) }
    return kept.isEmpty ? path : path + "?" + PercentEncoding.normal(kept.joined(separator: "&"))
  }

  /// Without `;jsessionid=…` and its like at the end of a segment.
  private static func withoutSession(_ path: Substring) -> Substring {
    guard let semicolon = path.utf8.firstIndex(of: UInt8(ascii: ";")) else { return path }
    let rest = path[semicolon...].lowercased()
    return sessionMarks.contains { rest.hasPrefix($0) } ? path[..<semicolon] : path
  }

  private static let sessionMarks = [";jsessionid=", ";phpsessid=", ";sid="]
  /// Parameters that say who comes from where and never what is shown.
  private static let noise: Set<String> = [
    "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "igshid", "mc_cid",
    "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "phpsessid", "jsessionid", "sessionid",
    "aspsessionid",
  ]

  private static func isNoise(_ parameter: Substring) -> Bool {
    let name = Substring(parameter.utf8.prefix { $0 != UInt8(ascii: "=") }).lowercased()
    return name.hasPrefix("utm_") || noise.contains(name)
  }
}

/// Addresses that go on for ever: what a crawl would follow until its limit without reading anything new.
package enum AddressTraps {
  /// Queries of one path that are followed; a shop's filters and a calendar's days make thousands.
  static let queriesOfPath = 50
  /// Addresses that differ in a date alone and are followed.
  static let datesOfPath = 60
  private static let mostSegments = 25

  /// Whether a path repeats itself, as relative links that are wrong make it: `/a/b/a/b/a/b`.
  package static func repeats(_ path: Substring) -> Bool {
    let segments = path.utf8.prefix { $0 != UInt8(ascii: "?") }.split(separator: UInt8(ascii: "/"))
    guard segments.count <= mostSegments else { return true }
    // Nothing can come three times.
    if segments.count < 3 { return false }
    var counts: [Substring: Int] = [:]
    for segment in segments.map({ Substring($0) }) {
      // Numbers come again in dates and versions.
      if segment.utf8.allSatisfy({ (48...57).contains($0) }) { continue }
      counts[segment, default: 0] += 1
      if counts[segment, default: 0] >= 3 { return true }
    }
    return false
  }

  /// The path with each run of digits as `#`, when it says nothing but a date: a calendar's page; nil for all others.
  ///
  /// An article under a date has a name of its own behind it, so its pattern is its own, too.
  package static func datePattern(_ path: some StringProtocol) -> String? {
    let bytes = Array(path.utf8)
    var pattern: [UInt8] = []
    var runs: [[UInt8]] = []
    for byte in bytes {
      if (48...57).contains(byte) {
        if pattern.last == UInt8(ascii: "#"), !runs.isEmpty {
          runs[runs.count - 1].append(byte)
        } else {
          runs.append([byte])
          pattern.append(UInt8(ascii: "#"))
        }
      } else {
        pattern.append(byte)
      }
    }
    let numbers = runs.map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    let isDate = zip(runs, zip(numbers, numbers.dropFirst())).contains { run, pair in
      run.count == 4 && (1000...2999).contains(pair.0) && (1...12).contains(pair.1)
    }
    // 20261127 in one.
    let isCompact = runs.contains { run in
      guard run.count == 8 else { return false }
      let number = Int(String(decoding: run, as: UTF8.self)) ?? 0
      return (1000...2999).contains(number / 10_000) && (1...12).contains(number / 100 % 100)
    }
    return isDate || isCompact ? String(decoding: pattern, as: UTF8.self) : nil
  }
}
