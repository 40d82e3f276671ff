// The pages' templates, parsed once at start; mustache escapes every value by default.

import Mustache
import Spool

/// Parsed templates.
struct Templates: Sendable {
  let home: MustacheTemplate
  let chat: MustacheTemplate
  let account: MustacheTemplate
  /// Changes when an asset changes, so that a browser never mixes two versions.
  let version: String

  /// - Throws: the parser's error for a template that is wrong, which the tests rule out.
  init() throws {
    home = try MustacheTemplate(string: Self.text(PackageResources.home_mustache))
    chat = try MustacheTemplate(string: Self.text(PackageResources.chat_mustache))
    account = try MustacheTemplate(string: Self.text(PackageResources.account_mustache))
    let assets =
      PackageResources.app_css + PackageResources.chat_js + PackageResources.account_js
    version = String(SHA256Digest(of: assets).hexDigits.prefix(8))
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
