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

  private static let shape = AnswerShape.media(["text/html"])

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    for page in WebPage.all {
      routes.add(
        Route(.get, page.path, page.summary, answers: [Self.shape]), for: access.any
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
      Route(.get, "/", "What this is, and the operator's own chatbots.", answers: [Self.shape]),
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
      Route(.get, "/c/{slug}", "A chatbot's own page.", answers: [Self.shape]), for: access.any
    ) { call, _ in
      guard let chatbot = try await database.chatbot(try call.parameter("slug")),
        chatbot.settings.isPublic
      else { return try missing() }
      // The page brings its first session along: one request less, and no site has to be allowed.
      let session = chat.sessionTokens(
        chatbot: chatbot.id, session: RandomText.uuid(), channel: "share", now: call.now)
      let welcome = chatbot.settings.welcomeText
      return try html(
        "chat",
        [
          "id": chatbot.id.text, "name": chatbot.name,
          "welcome": welcome.contains { !$0.isWhitespace } ? welcome : Self.welcome,
          "token": session.token, "resume": session.resume,
        ], caching: "no-store")
    }
  }

  private static let welcome =
    "Ask me about the documents I was given. I answer with their words and say where they stand."

  /// There is no such page, said to a person.
  private func missing() throws -> Response {
    try html("missing", ["title": "Not found"], status: .notFound)
  }

  private func html(
    _ template: String, _ values: [String: Any], status: HTTPResponse.Status = .ok,
    caching: String = "no-cache"
  ) throws -> Response {
    let pages = try pages()
    var values = values
    values["assets"] = pages.assets.version
    values["google"] = hasProvider
    values["registration"] = hasRegistration
    guard let text = pages.templates.render(template, values) else { throw AppError.notFound }
    return Response(
      status: status,
      headers: [.contentType: "text/html; charset=utf-8", .cacheControl: caching],
      body: ResponseBody(byteBuffer: .init(string: text)))
  }
}
