// A URL that may be requested, parsed by curl's own parser, so that what is checked is what is
// dialled.
//
// Only http and https, no user information, no scope, one spelling of the host: lower case,
// international names in Punycode, numeric IPv4 forms as four decimal octets. Where it leads is
// AddressPolicy's matter.

import CCurl
import Glibc

/// A checked, normalised, absolute http or https URL.
package struct WebURL: Hashable, Sendable {
  /// `http` or `https`.
  package let scheme: String
  /// Lower case; IPv6 in brackets.
  package let host: String
  /// Given, or the scheme's own.
  package let port: UInt16
  /// Begins with `/`.
  package let pathAndQuery: String
  /// The whole URL without fragment.
  package let text: String

  /// Parses an absolute URL, or one relative to `base`; a fragment is dropped.
  ///
  /// - Throws: `WebError.badURL`.
  package init(
    parsing text: String, relativeTo base: WebURL? = nil, maximumBytes: Int = 2_048
  ) throws(WebError) {
    guard text.utf8.count <= maximumBytes else {
      throw .badURL(why: "is longer than \(maximumBytes) bytes")
    }
    guard !text.isEmpty else { throw .badURL(why: "is empty") }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      throw .badURL(why: "holds a control character")
    }
    guard let handle = curl_url() else { throw .badURL(why: "cannot be parsed: out of memory") }
    defer { curl_url_cleanup(handle) }
    if let base {
      try Self.set(handle, CURLUPART_URL, base.text, 0)
    }
    // A mere fragment names the page itself (RFC 3986 §5.2.2); curl would drop the page's query.
    if base != nil, text.hasPrefix("#") {
      try Self.set(handle, CURLUPART_FRAGMENT, nil, 0)
    } else if base != nil {
      // A relative reference may hold raw spaces and UTF-8, which a Location header often does.
      try Self.set(
        handle, CURLUPART_URL, text, Self.flags(CURLU_URLENCODE | CURLU_ALLOW_SPACE))
    } else {
      try Self.set(handle, CURLUPART_URL, text, Self.flags(CURLU_URLENCODE))
    }

    let scheme = try Self.part(handle, CURLUPART_SCHEME).lowercased()
    guard scheme == "http" || scheme == "https" else {
      throw .badURL(why: "has the scheme \(scheme); only http and https are fetched")
    }
    guard try !Self.has(handle, CURLUPART_USER), try !Self.has(handle, CURLUPART_PASSWORD) else {
      throw .badURL(why: "holds a user name or password")
    }
    guard try !Self.has(handle, CURLUPART_ZONEID) else {
      throw .badURL(why: "holds an IPv6 scope")
    }
    let host = try Self.host(handle)
    guard
      let port = UInt16(
        try Self.part(handle, CURLUPART_PORT, Self.flags(CURLU_DEFAULT_PORT))), port != 0
    else { throw .badURL(why: "has no valid port") }

    try Self.set(handle, CURLUPART_HOST, host, 0)
    try Self.set(handle, CURLUPART_FRAGMENT, nil, 0)
    let path = try Self.part(handle, CURLUPART_PATH)
    let query =
      try Self.has(handle, CURLUPART_QUERY) ? "?" + Self.part(handle, CURLUPART_QUERY) : ""
    let whole = try Self.part(handle, CURLUPART_URL, Self.flags(CURLU_NO_DEFAULT_PORT))
    guard whole.utf8.count <= maximumBytes, whole.utf8.allSatisfy({ (0x21..<0x7f).contains($0) })
    else { throw .badURL(why: "is longer than \(maximumBytes) bytes or not plain once encoded") }
    self.scheme = scheme
    self.host = host
    self.port = port
    self.pathAndQuery = path + query
    self.text = whole
  }

  /// Whether two URLs have the same scheme, host and port.
  package func hasSameOrigin(as other: WebURL) -> Bool {
    scheme == other.scheme && host == other.host && port == other.port
  }

  /// The address when the host is one, in whatever notation it was written.
  package var literalAddress: IPAddress? {
    host.hasPrefix("[") ? IPAddress(String(host.dropFirst().dropLast())) : IPAddress(host)
  }

  /// The host in its one spelling.
  ///
  /// IDNA maps circled digits to digits and ideographic dots to dots, so a name in such signs can
  /// turn into an address or grow labels. Every label with signs outside ASCII must come out as
  /// Punycode, in its own place, or it is refused.
  private static func host(_ handle: OpaquePointer) throws(WebError) -> String {
    let written = try part(handle, CURLUPART_HOST)
    if written.hasPrefix("[") {
      guard IPAddress(String(written.dropFirst().dropLast())) != nil, written.hasSuffix("]") else {
        throw .badURL(why: "has no valid IPv6 address")
      }
      return written.lowercased()
    }
    var host = written
    if !written.utf8.allSatisfy({ $0 < 0x80 }) {
      host = try inUTF8Locale { () throws(WebError) in
        try part(handle, CURLUPART_HOST, flags(CURLU_PUNYCODE))
      }
      let before = written.split(separator: ".", omittingEmptySubsequences: false)
      let after = host.split(separator: ".", omittingEmptySubsequences: false)
      guard before.count == after.count,
        zip(before, after).allSatisfy({ written, mapped in
          written.utf8.allSatisfy { $0 < 0x80 } || mapped.lowercased().hasPrefix("xn--")
        })
      else { throw .badURL(why: "has a host written in signs that stand for others") }
    }
    host = host.lowercased()
    guard !host.isEmpty, host.utf8.count <= 254,
      host.utf8.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
          true
        default: false
        }
      })
    else { throw .badURL(why: "has no valid host") }
    return host
  }

  // libidn2, through curl, reads names in the thread's locale, which is "C" in a program that sets
  // none.
  private static func inUTF8Locale<Value>(
    _ body: () throws(WebError) -> Value
  ) throws(WebError) -> Value {
    guard let locale = bobbin_utf8_locale() else {
      throw .badURL(why: "has an international host, which this system cannot read")
    }
    let previous = uselocale(locale)
    defer {
      uselocale(previous)
      freelocale(locale)
    }
    return try body()
  }

  private static func flags(_ bits: Int32) -> UInt32 { UInt32(bitPattern: bits) }

  private static func set(
    _ handle: OpaquePointer, _ part: CURLUPart, _ text: String?, _ flags: UInt32
  ) throws(WebError) {
    let code = curl_url_set(handle, part, text, flags)
    guard code == CURLUE_OK else { throw .badURL(why: explain(code)) }
  }

  private static func part(
    _ handle: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0
  ) throws(WebError) -> String {
    var text: UnsafeMutablePointer<CChar>?
    let code = curl_url_get(handle, part, &text, flags)
    guard code == CURLUE_OK, let text else { throw .badURL(why: explain(code)) }
    defer { curl_free(text) }
    return String(cString: text)
  }

  private static func has(_ handle: OpaquePointer, _ part: CURLUPart) throws(WebError) -> Bool {
    var text: UnsafeMutablePointer<CChar>?
    let code = curl_url_get(handle, part, &text, 0)
    defer { curl_free(text) }
    switch code {
    case CURLUE_OK: return text != nil
    case CURLUE_NO_USER, CURLUE_NO_PASSWORD, CURLUE_NO_ZONEID, CURLUE_NO_QUERY: return false
    default: throw .badURL(why: explain(code))
    }
  }

  private static func explain(_ code: CURLUcode) -> String {
    switch code {
    case CURLUE_UNSUPPORTED_SCHEME: "has a scheme other than http and https"
    case CURLUE_BAD_SCHEME: "has no scheme (http:// or https://)"
    case CURLUE_NO_HOST, CURLUE_BAD_HOSTNAME: "has no valid host"
    case CURLUE_BAD_PORT_NUMBER: "has no valid port"
    default: "is malformed"
    }
  }
}

extension WebURL: CustomStringConvertible {
  package var description: String { text }
}
