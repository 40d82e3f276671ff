// Looking into a page, on a thread of its own: its tree, what stands in its place, and what the site shows where there is none.

import Corpus
import Dispatch
import Markup
import Spool
import WebClient

extension CrawlSlice {
  /// What was seen of a page.
  struct Look: Sendable {
    let page: HTMLPage
    let verdict: PageVerdict?
    /// Of its text; nil where nobody compares it.
    let fingerprint: UInt64?
    /// Whether it is like what the site answers where there is no page.
    let isMissing: Bool
  }

  private static let parsing = DispatchQueue(label: "markup", attributes: .concurrent)

  /// Parses a page; nil when it cannot be.
  ///
  /// - Parameter isFingerprinted: whether to take its fingerprint even where there is none to compare it with.
  static func look(
    _ response: WebResponse, asked: String, missing: UInt64?, isFingerprinted: Bool = false
  ) async -> Look? {
    await parsed {
      let bytes = PageText.utf8(response.body)
      guard let page = try? HTMLPage(utf8: bytes) else { return nil }
      let text = PageText(page)
      // A look at each word: only where it is compared.
      let fingerprint =
        isFingerprinted || missing != nil
        ? text.fingerprint(without: PageAddress.path(of: asked)) : nil
      let isMissing =
        if let fingerprint, let missing {
          PageVerdict.isAlike(fingerprint, missing)
        } else {
          false
        }
      let verdict = PageVerdict.of(
        page, text, bytes: bytes, status: response.status, asked: asked,
        final: response.finalURL, isMissing: isMissing)
      return Look(page: page, verdict: verdict, fingerprint: fingerprint, isMissing: isMissing)
    }
  }

  /// Parses on a thread of its own: it may take a second.
  static func parsed<Found: Sendable>(_ parse: @escaping @Sendable () -> Found) async -> Found {
    await withCheckedContinuation { continuation in
      parsing.async { continuation.resume(returning: parse()) }
    }
  }

  /// Asks for a page that is not there, to know the answer when it is met again.
  mutating func findMissingPage() async {
    let name = SHA256Digest(of: source.source.text).shortName.prefix(12)
    let address = "\(state.origin)/bobbin-\(name)"
    guard robots.allows(PageAddress.path(of: address)),
      // What it does not tell is not known.
      let response = try? await send(address), response.status == 200, Self.isMarkup(response),
      let look = await Self.look(
        response, asked: address, missing: nil, isFingerprinted: true),
      look.verdict != .scriptShell, let fingerprint = look.fingerprint, fingerprint != 0
    else { return }
    state.missingPage = fingerprint
  }

  static func isMarkup(_ response: WebResponse) -> Bool {
    switch response.mediaType {
    case "text/html", "application/xhtml+xml": return true
    case nil:
      let start = response.body.prefix(512).drop { $0 <= 0x20 }
      return start.first == UInt8(ascii: "<")
    default: return false
    }
  }
}
