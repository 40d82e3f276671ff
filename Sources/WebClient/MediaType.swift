// What a response says its body is. Only the parts that we use: the name and the character set.

/// A Content-Type value taken apart (RFC 9110 §8.3).
struct MediaType: Hashable {
  let name: String
  let charset: String?

  init?(_ value: String?) {
    guard let value else { return nil }
    let parts = value.split(separator: ";", omittingEmptySubsequences: false)
    let name = Self.trim(parts.first ?? "").lowercased()
    let halves = name.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2,
      halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(WebHeaders.isTokenByte) })
    else { return nil }
    self.name = name
    var charset: String?
    for parameter in parts.dropFirst() {
      let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, Self.trim(pair[0]).lowercased() == "charset" else { continue }
      let text = Self.trim(pair[1]).filter { $0 != "\"" && $0 != "'" }.lowercased()
      if !text.isEmpty, text.utf8.allSatisfy(WebHeaders.isTokenByte) { charset = text }
      break
    }
    self.charset = charset
  }

  private static func trim(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return String(text)
  }
}
