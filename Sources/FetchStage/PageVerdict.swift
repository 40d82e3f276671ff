// Tells a page from what stands in its place: a bot check, a login, a polite "not found", a shell that only scripts fill. Judged by
// structure and length first and by words last, so that an article about such pages is one.

import Markup
import WebClient

/// What stands in a page's place.
package enum PageVerdict: String, Sendable {
  case botCheck = "bot_check"
  case loginWall = "login_wall"
  case soft404 = "soft_404"
  case scriptShell = "js_shell"

  /// What an owner is told.
  package var message: String {
    switch self {
    case .botCheck:
      "The site checks for robots and did not show the page; let Bobbin pass there, or add the "
        + "page as a file."
    case .loginWall: "A login stands before the page; add its content as a file."
    case .soft404: "The site says that there is no such page; check the address."
    case .scriptShell:
      "The page is empty until its scripts run, and none are run here; add its content as a file, "
        + "or its print version."
    }
  }

  /// Text beyond this is an article, whatever its words.
  private static let shortText = 1_500

  /// Judges an answer by its headers and its first bytes alone, before anything is parsed.
  static func ofHead(_ response: WebResponse) -> PageVerdict? {
    if response.headers["cf-mitigated"]?.lowercased() == "challenge" { return .botCheck }
    if response.headers["x-amzn-waf-action"] != nil { return .botCheck }
    return nil
  }

  /// Judges a page; nil when it is one.
  ///
  /// - Parameters:
  ///   - asked: the address that was asked for.
  ///   - isMissing: whether it is like what the site answers where there is no page.
  static func of(
    _ page: HTMLPage, _ text: PageText, bytes: [UInt8], status: Int, asked: String, final: String,
    isMissing: Bool
  ) -> PageVerdict? {
    let visible = text.visible
    let isShort = visible.utf8.count <= shortText
    let title = page.title?.lowercased() ?? ""
    if isShort, isBotCheck(title, visible.lowercased(), bytes) { return .botCheck }
    guard status == 200 else { return nil }
    if isShort, text.hasPassword,
      visible.utf8.count <= 300 || looksLikeLogin(title) || looksLikeLogin(final.lowercased())
    {
      return .loginWall
    }
    if isShort, asked != final, looksLikeLogin(PageAddress.path(of: final).lowercased()) {
      return .loginWall
    }
    if isShort, saysMissing(title) || saysMissing(firstHeading(page)) { return .soft404 }
    if isMissing, !visible.isEmpty { return .soft404 }
    let needsScripts =
      ["javascript", "scripting"].contains { text.withoutScripts.lowercased().contains($0) }
      || (isShort && visible.utf8.count < 400
        && ["enable javascript", "requires javascript", "javascript is disabled"].contains {
          visible.lowercased().contains($0)
        })
    if visible.utf8.count < 200, text.scriptCount > 0,
      needsScripts || text.hasMountPoint || (visible.utf8.count < 20 && text.scriptCount > 1)
    {
      return .scriptShell
    }
    if needsScripts, visible.utf8.count < 400, text.scriptCount > 0, text.hasMountPoint {
      return .scriptShell
    }
    return nil
  }

  /// Whether two fingerprints are of texts that differ in a word or two.
  static func isAlike(_ one: UInt64, _ other: UInt64) -> Bool {
    (one ^ other).nonzeroBitCount <= 3
  }

  private static func firstHeading(_ page: HTMLPage) -> String {
    page.first(.h1).map { page.text(of: $0).lowercased() } ?? ""
  }

  // MARK: Words

  private static func isBotCheck(_ title: String, _ text: String, _ bytes: [UInt8]) -> Bool {
    let titles = [
      "just a moment", "attention required!", "verifying you are human", "are you a robot",
      "making sure you're not a bot", "security check", "ddos-guard",
      "access to this page has been denied",
      "please wait... | cloudflare", "robot check", "human verification", "bot verification",
    ]
    if titles.contains(where: { title.hasPrefix($0) }) { return true }
    let words = [
      "checking your browser before", "checking if the site connection is secure",
      "verify you are human", "verifying you are human", "prove you are human",
      "complete the security check", "unusual traffic from your computer",
      "confirm you are not a robot", "confirm you're not a robot", "press & hold to confirm",
      "enable javascript and cookies to continue", "making sure you're not a bot",
    ]
    if words.contains(where: { text.contains($0) }) { return true }
    guard text.utf8.count <= 600 else { return false }
    // What the checks themselves load.
    let marks = [
      "/cdn-cgi/challenge-platform/", "cf-chl-", "captcha-delivery.com", "px-captcha",
      "_incapsula_resource", "anubis_challenge", "awswafintegration", "sucuri_cloudproxy_js",
      "ddos-guard/js-challenge",
    ]
    let source = String(decoding: bytes.prefix(64 << 10), as: UTF8.self).lowercased()
    return marks.contains { source.contains($0) }
  }

  private static func looksLikeLogin(_ text: String) -> Bool {
    [
      "login", "log in", "log-in", "signin", "sign in", "sign-in", "/sso", "/auth", "anmelden",
      "anmeldung", "connexion", "se connecter", "iniciar sesi", "accedi", "inloggen", "logga in",
      "zaloguj",
    ].contains { text.contains($0) }
  }

  private static func saysMissing(_ text: String) -> Bool {
    if text.isEmpty { return false }
    // Pages have numbers, and so have houses: the figure alone says nothing.
    let words = text.split { !$0.isLetter && !$0.isNumber }
    if words == ["404"] || text.contains("error 404") || text.contains("404 error") { return true }
    if words.first == "404", let next = text.dropFirst(3).first(where: { !$0.isWhitespace }),
      "-–—|:·".contains(next)
        || ["not", "page", "seite", "oops", "sorry"].contains(words.dropFirst().first ?? "")
    {
      return true
    }
    return [
      "page not found", "page cannot be found", "page could not be found",
      "page can't be found", "page can’t be found", "page doesn't exist", "page doesn’t exist",
      "page does not exist", "page no longer exists", "nothing was found", "not found (404)",
      "seite nicht gefunden", "seite wurde nicht gefunden", "page introuvable",
      "page non trouvée", "página no encontrada", "página não encontrada", "pagina non trovata",
      "pagina niet gevonden", "sidan hittades inte", "nie znaleziono strony", "sivua ei löyd",
      "ページが見つかりません", "页面不存在", "找不到页面",
    ].contains { text.contains($0) } || text == "not found"
  }
}
