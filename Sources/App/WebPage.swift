// Which page stands where. A page is a template and the values of its address; what belongs to a person comes through the API, so
// no page needs to know who asks and none can show what is another's.

/// One page.
struct WebPage: Sendable {
  /// As a route has it: `/chatbots/{chatbot_id}/{tab}/`.
  let path: String
  let summary: String
  let template: String
  let title: String
  /// What a parameter of the path may be; any other value is no page.
  var choices: [String: [String]] = [:]

  /// The pages of people who are signed in, and those that lead there.
  static let all: [WebPage] = [
    WebPage(path: "/login", summary: "Sign in.", template: "login", title: "Sign in"),
    WebPage(
      path: "/register", summary: "Make an account.", template: "register",
      title: "Create an account"),
    WebPage(
      path: "/forgot", summary: "Ask for a letter to choose a new password.", template: "forgot",
      title: "Forgotten password"),
    WebPage(
      path: "/verify", summary: "Where a letter's link leads: the address is proved.",
      template: "verify", title: "Confirm your address"),
    WebPage(
      path: "/reset", summary: "Where a letter's link leads: a new password.", template: "reset",
      title: "Choose a password"),
    WebPage(
      path: "/oauth/google", summary: "Where the provider sends a person back to.",
      template: "oauth", title: "Signing in"),
    WebPage(
      path: "/chatbots/", summary: "The account's chatbots.", template: "dashboard",
      title: "Chatbots"),
    WebPage(
      path: "/chatbots/new/", summary: "Begin a chatbot.", template: "new", title: "New chatbot"),
    WebPage(
      path: "/chatbots/{chatbot_id}/setup/{step}/", summary: "A chatbot's first training.",
      template: "setup", title: "New chatbot",
      choices: ["step": ["sources", "privacy", "review", "train"]]),
    WebPage(
      path: "/chatbots/{chatbot_id}/talk/",
      summary: "Talk to the chatbot, and see why it says what it says.",
      template: "talk", title: "Talk"),
    WebPage(
      path: "/chatbots/{chatbot_id}/sources/", summary: "What the chatbot reads.",
      template: "sources", title: "Sources"),
    WebPage(
      path: "/chatbots/{chatbot_id}/documents/{document_id}/",
      summary: "What was read of a document, beside the document.",
      template: "document", title: "Document"),
    WebPage(
      path: "/chatbots/{chatbot_id}/share/",
      summary: "Link, snippet for a site, and whose sites may show it.",
      template: "share", title: "Share and embed"),
    WebPage(
      path: "/chatbots/{chatbot_id}/leads/",
      summary: "Addresses that visitors left, and where they go.",
      template: "leads", title: "Leads"),
    WebPage(
      path: "/chatbots/{chatbot_id}/conversations/", summary: "What visitors asked.",
      template: "conversations", title: "Conversations"),
    WebPage(
      path: "/chatbots/{chatbot_id}/conversations/{conversation_id}/", summary: "One conversation.",
      template: "conversation", title: "Conversation"),
    WebPage(
      path: "/chatbots/{chatbot_id}/privacy/",
      summary: "Learn-only sources, approved lines, leak tests.",
      template: "privacy", title: "Privacy"),
    WebPage(
      path: "/chatbots/{chatbot_id}/quality/",
      summary: "Golden questions and what generations scored.",
      template: "quality", title: "Quality"),
    WebPage(
      path: "/chatbots/{chatbot_id}/generations/", summary: "Generations, runs, undo.",
      template: "generations", title: "History"),
    WebPage(
      path: "/chatbots/{chatbot_id}/settings/", summary: "Settings, and removal.",
      template: "settings", title: "Settings"),
    WebPage(path: "/account/", summary: "The account.", template: "account", title: "Account"),
    WebPage(
      path: "/billing/", summary: "Plan and usage.", template: "billing", title: "Plan and usage"),
    WebPage(
      path: "/admin/{tab}/", summary: "The operator's view.", template: "admin",
      title: "Administration",
      choices: [
        "tab": [
          "users", "chatbots", "sources", "runs", "spool", "documents", "conversations",
          "deliveries", "health",
          "audit",
        ]
      ]),
  ]

  /// Names in braces.
  var parameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
      String($0.dropFirst().dropLast())
    }
  }
}
