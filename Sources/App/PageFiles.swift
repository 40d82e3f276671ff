// The files that pages are made of: in the binary, so that there is one file to copy; or in a folder, for working on them.

import FoundationEssentials

/// The pages' templates, styles, scripts and pictures.
enum PageFiles {
  /// Where their bytes are.
  enum Place: Sendable {
    case binary
    /// Read anew for each request.
    case folder(String)
  }

  /// All files whose name has an extension of these.
  ///
  /// - Throws: what reading a folder throws.
  static func read(_ extensions: Set<String>, _ place: Place) throws -> [(
    name: String, bytes: [UInt8]
  )] {
    switch place {
    case .binary: embedded.filter { extensions.contains(fileExtension($0.name)) }
    case .folder(let folder):
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        .filter { extensions.contains(fileExtension($0)) }
        .map { ($0, [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\($0)")))) }
    }
  }

  private static func fileExtension(_ name: String) -> String {
    name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
  }

  /// Sorted by name; PageFilesTests compares it with the folder.
  private static let embedded: [(name: String, bytes: [UInt8])] = [
    ("account.js", PackageResources.account_js),
    ("account.mustache", PackageResources.account_mustache),
    ("add-sources.js", PackageResources.add_sources_js),
    ("add-sources.mustache", PackageResources.add_sources_mustache),
    ("admin.js", PackageResources.admin_js),
    ("admin.mustache", PackageResources.admin_mustache),
    ("api.js", PackageResources.api_js),
    ("app.css", PackageResources.app_css),
    ("billing.js", PackageResources.billing_js),
    ("billing.mustache", PackageResources.billing_mustache),
    ("chart.js", PackageResources.chart_js),
    ("chat-address.js", PackageResources.chat_address_js),
    ("chat-lead.js", PackageResources.chat_lead_js),
    ("chat-page.js", PackageResources.chat_page_js),
    ("chat.js", PackageResources.chat_js),
    ("chat.mustache", PackageResources.chat_mustache),
    ("chatbot.js", PackageResources.chatbot_js),
    ("chatbot.mustache", PackageResources.chatbot_mustache),
    ("conversation.js", PackageResources.conversation_js),
    ("conversation.mustache", PackageResources.conversation_mustache),
    ("conversations.js", PackageResources.conversations_js),
    ("conversations.mustache", PackageResources.conversations_mustache),
    ("crawl-log.js", PackageResources.crawl_log_js),
    ("crm.js", PackageResources.crm_js),
    ("dashboard.js", PackageResources.dashboard_js),
    ("dashboard.mustache", PackageResources.dashboard_mustache),
    ("document.js", PackageResources.document_js),
    ("document.mustache", PackageResources.document_mustache),
    ("documents.js", PackageResources.documents_js),
    ("dom.js", PackageResources.dom_js),
    ("embed.js", PackageResources.embed_js),
    ("embed.mustache", PackageResources.embed_mustache),
    ("forgot.mustache", PackageResources.forgot_mustache),
    ("forms.js", PackageResources.forms_js),
    ("generations.js", PackageResources.generations_js),
    ("generations.mustache", PackageResources.generations_mustache),
    ("icon.svg", PackageResources.icon_svg),
    ("landing.js", PackageResources.landing_js),
    ("landing.mustache", PackageResources.landing_mustache),
    ("leads.js", PackageResources.leads_js),
    ("leads.mustache", PackageResources.leads_mustache),
    ("leak-test.js", PackageResources.leak_test_js),
    ("login.mustache", PackageResources.login_mustache),
    ("markdown.js", PackageResources.markdown_js),
    ("missing.mustache", PackageResources.missing_mustache),
    ("new.js", PackageResources.new_js),
    ("new.mustache", PackageResources.new_mustache),
    ("oauth.mustache", PackageResources.oauth_mustache),
    ("outside.mustache", PackageResources.outside_mustache),
    ("owner.mustache", PackageResources.owner_mustache),
    ("privacy.js", PackageResources.privacy_js),
    ("privacy.mustache", PackageResources.privacy_mustache),
    ("quality.js", PackageResources.quality_js),
    ("quality.mustache", PackageResources.quality_mustache),
    ("questions.js", PackageResources.questions_js),
    ("register.mustache", PackageResources.register_mustache),
    ("reset.mustache", PackageResources.reset_mustache),
    ("settings.js", PackageResources.settings_js),
    ("settings.mustache", PackageResources.settings_mustache),
    ("setup.js", PackageResources.setup_js),
    ("setup.mustache", PackageResources.setup_mustache),
    ("share.js", PackageResources.share_js),
    ("share.mustache", PackageResources.share_mustache),
    ("shell.js", PackageResources.shell_js),
    ("sign-in.js", PackageResources.sign_in_js),
    ("source-list.js", PackageResources.source_list_js),
    ("sources.js", PackageResources.sources_js),
    ("sources.mustache", PackageResources.sources_mustache),
    ("talk.js", PackageResources.talk_js),
    ("talk.mustache", PackageResources.talk_mustache),
    ("trace.js", PackageResources.trace_js),
    ("training.js", PackageResources.training_js),
    ("training.mustache", PackageResources.training_mustache),
    ("ui.js", PackageResources.ui_js),
    ("verify.mustache", PackageResources.verify_mustache),
    ("words.js", PackageResources.words_js),
  ]
}
