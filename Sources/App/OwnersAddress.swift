// Addresses that owners name: what may be asked for at all, decided before anything is stored; the fetcher looks again at what a
// name leads to.

import WebClient

extension AddressPolicy {
  /// An owner's URL in its one form, when a stranger's server may be asked for it.
  ///
  /// - Throws: `unsafeURL`.
  func ownersAddress(_ text: String) throws(AppError) -> String {
    guard let url = try? WebURL(parsing: text), !Self.hasUserName(text),
      url.port == 80 || url.port == 443 || isException(host: url.host, port: url.port),
      url.literalAddress.map({ permits($0) }) ?? true
        || isException(host: url.host, port: url.port)
    else { throw AppError(.unsafeURL) }
    return url.text
  }

  private static func hasUserName(_ text: String) -> Bool {
    // By bytes: a sign with a combining mark is another character and still the sign.
    let rest = text.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
    return rest.prefix { ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
      .contains(UInt8(ascii: "@"))
  }
}
