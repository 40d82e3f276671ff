// The links of a page, resolved against its address. Deciding which of them to follow, and making equal addresses equal,
// is the fetch stage's business.

internal import CXML2

/// Where a page leads.
package enum Links {
  /// One link with what it says.
  package struct Link: Equatable, Sendable {
    /// Absolute `http` or `https` address without fragment.
    package let url: String
    /// Whether the page asks robots not to follow it.
    package let isNofollow: Bool
  }

  /// The `http` and `https` links of a page in order, each address once.
  ///
  /// `address` is the page's final URL; a `<base href>` is honoured.
  package static func all(in page: HTMLPage, address: String) -> [Link] {
    let base =
      page.nodes.first { $0.tag == .base && $0[.href] != nil }
      .flatMap { $0[.href] }.flatMap { resolve($0, against: address) } ?? address
    var seen: Set<String> = []
    var links: [Link] = []
    for node in page.nodes where node.tag == .a {
      guard let href = node[.href], let url = resolve(href, against: base) else { continue }
      guard seen.insert(url).inserted else { continue }
      let rel = node[.rel]?.lowercased() ?? ""
      links.append(
        Link(
          url: url, isNofollow: rel.split(whereSeparator: \.isWhitespace).contains("nofollow")))
    }
    return links
  }

  /// The absolute address of `reference` seen from `base` (RFC 3986 section 5), without fragment; nil for anything but
  /// `http` and `https`.
  package static func resolve(_ reference: String, against base: String) -> String? {
    // White space and control characters around and inside an address are dropped, as browsers do.
    var bytes = reference.utf8.drop { $0 <= 0x20 }
    while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    let trimmed = bytes.prefix { $0 != UInt8(ascii: "#") }.filter {
      ![0x09, 0x0A, 0x0D, 0].contains($0)
    }
    guard trimmed.count <= 8_192, base.utf8.count <= 8_192 else { return nil }
    guard let built = xmlBuildURI(encoded(trimmed), encoded(Array(base.utf8))) else { return nil }
    defer { bobbin_xml_free(built) }
    let url = String(cString: built)
    let lowered = url.prefix(8).lowercased()
    guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else { return nil }
    return url
  }

  /// Percent-encodes what RFC 3986 has no place for: spaces, non-ASCII bytes and a few signs.
  private static func encoded(_ text: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    for byte in text {
      switch byte {
      case 0x21, 0x23...0x3B, 0x3D, 0x3F...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7E: bytes.append(byte)
      default:
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
