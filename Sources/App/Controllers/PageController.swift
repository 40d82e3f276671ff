// Pages for people. A page is rendered from its address alone; its data comes through the API.

import Corpus
import HTTPTypes
import Hummingbird
import Storage

/// `/`, `/login`, `/chatbots/…`, `/c/{slug}` and the other pages.
struct PageController: Sendable {
  let database: AppDatabase
  let pages: @Sendable () throws -> PageSet
  let chat: ChatController
  /// Whether people may sign in with Google.
  let hasProvider: Bool
  /// Whether strangers may make accounts.
  let hasRegistration: Bool
  /// Whether a language model is set up.
  let hasModel: Bool

  private static let shapes = [
    AnswerShape.media(["text/html"]), .media(["text/html"], 404, "There is no such page."),
  ]

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    for page in WebPage.all {
      routes.add(
        Route(.get, page.path, page.summary, answers: Self.shapes), for: access.any
      ) { call, _ in
        var values: [String: Any] = ["title": page.title]
        for name in page.parameters {
          let value = try call.parameter(name)
          if let choices = page.choices[name] {
            guard choices.contains(value) else { return try missing() }
            // Sections of the page: `{{#tab_users}}…{{/tab_users}}`.
            values["\(name)_\(value)"] = true
          } else if name.hasSuffix("_id"), !StringFormat.identifier.holds(value) {
            return try missing()
          }
          values[name] = value
        }
        return try html(page.template, values)
      }
    }
    routes.add(
      Route(.get, "/", "What this is, and the operator's own chatbots.", answers: Self.shapes),
      for: access.any
    ) { _, _ in
      // What owners have made is theirs to show.
      let chatbots = try await database.chatbots().filter {
        $0.owner == nil && $0.settings.isPublic
      }
      return try html(
        "landing",
        [
          "title": "Bobbin", "has_chatbots": !chatbots.isEmpty,
          "chatbots": chatbots.map { ["slug": $0.slug, "name": $0.name] },
        ])
    }
    routes.add(
      Route(.get, "/c/{slug}", "A chatbot's own page.", answers: Self.shapes), for: access.any
    ) { call, _ in
      try await chatPage(
        try call.parameter("slug"), channel: "share", frames: { _ in "'none'" }, call)
    }
    routes.add(
      Route(
        .get, "/embed/{chatbot_id}/", "The chat as other sites show it, in a frame.",
        answers: Self.shapes), for: access.any
    ) { call, _ in
      try await chatPage(
        try call.parameter("chatbot_id"), channel: "embed",
        frames: { (["'self'"] + $0.settings.allowedOrigins).joined(separator: " ") }, call)
    }
    routes.add(
      Route(
        .get, "/embed.js", "The script that puts the chat on a site.",
        answers: [.media(["text/javascript"]), .empty(304, "Not changed.")]), for: access.any
    ) { call, _ in
      guard let script = try pages().assets["embed.js"] else { throw AppError.notFound }
      var response = script.response(to: call.request, caching: "public, max-age=3600")
      // Any site may load it, also one that demands to be asked (COEP).
      response.headers[ResponseHeaders.name("Cross-Origin-Resource-Policy")] = "cross-origin"
      return response
    }
  }

  /// A page to talk to a chatbot on.
  ///
  /// - Parameters:
  ///   - name: the chatbot's id or slug.
  ///   - frames: which sites may show the page in a frame.
  private func chatPage(
    _ name: String, channel: String, frames: (Chatbot) -> String, _ call: Call
  ) async throws -> Response {
    guard let chatbot = try await database.publicChatbot(name) else {
      return try missing()
    }
    // The page brings its first session along: one request less, and no site has to be allowed.
    let session = chat.sessionTokens(
      chatbot: chatbot.id, session: RandomText.uuid(), channel: channel, now: call.now)
    let settings = chatbot.settings
    let form = LeadForm(json: settings.leadForm)
    return try html(
      channel == "embed" ? "embed" : "chat",
      [
        "id": chatbot.id.text, "name": chatbot.name, "description": settings.description,
        "welcome": settings.welcomeText.contains { !$0.isWhitespace }
          ? settings.welcomeText : Self.welcome,
        "token": session.token, "resume": session.resume,
        "suggestions": settings.questionsOffered.map { ["text": $0] },
        "leads": form.isEnabled, "lead_fields": form.fields.joined(separator: " "),
        "lead_after": form.afterMessages, "lead_consent": form.consentText ?? "",
        // Only a model can make use of what a CRM has told, and only a letter can prove an address.
        "known": chatbot.takesContacts && chat.mail.isOn && chat.hasModel,
      ], frames: frames(chatbot), caching: "no-store")
  }

  private static let welcome =
    "Ask me about the documents I was given. I answer with their words and say where they stand."

  /// There is no such page, said to a person.
  func missing() throws -> Response {
    try html("missing", ["title": "Not found"], status: .notFound)
  }

  private func html(
    _ template: String, _ values: [String: Any], status: HTTPResponse.Status = .ok,
    frames: String = "'none'", caching: String = "no-cache"
  ) throws -> Response {
    let pages = try pages()
    var values = values
    values["assets"] = pages.assets.version
    values["google"] = hasProvider
    values["registration"] = hasRegistration
    values["model"] = hasModel
    guard let text = pages.templates.render(template, values) else { throw AppError.notFound }
    return Response(
      status: status,
      headers: [
        .contentType: "text/html; charset=utf-8", .cacheControl: caching,
        .contentSecurityPolicy: Self.policy(frames: frames),
      ],
      body: ResponseBody(byteBuffer: .init(string: text)))
  }

  /// What a page may do: run our scripts, talk to this server, show blobs of its own.
  ///
  /// A blob is an original beside its text. No script of ours makes markup of text, and the browser holds us to it (Trusted Types).
  ///
  /// - Parameter frames: who may show it in a frame.
  private static func policy(frames: String) -> String {
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      + "img-src 'self' blob:; frame-src 'self' blob:; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors \(frames); object-src 'none'; "
      + "require-trusted-types-for 'script'; trusted-types 'none'"
  }
}
