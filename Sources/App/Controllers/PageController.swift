// Pages for people: the list of chatbots and the chat page. Data only through the API.

import Corpus
import HTTPTypes
import Hummingbird
import Mustache
import Storage

/// `/` and `/c/{slug}`.
struct PageController: Sendable {
  let database: AppDatabase
  let templates: Templates
  let chat: ChatController

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let page = AnswerShape.media(["text/html"])
    routes.add(
      Route(.get, "/", "The operator's own chatbots.", answers: [page]), for: access.any
    ) { _, _ in
      // What owners have made is theirs to show.
      let chatbots = try await database.chatbots().filter {
        $0.owner == nil && $0.settings.isPublic
      }
      let items = chatbots.map { ["slug": $0.slug, "name": $0.name] }
      return Self.html(
        templates.home.render(
          ["chatbots": items, "empty": chatbots.isEmpty, "assets": templates.version]
            as [String: Any]))
    }
    for (name, title) in [("verify", "Confirm your address"), ("reset", "Choose a password")] {
      routes.add(
        Route(.get, "/\(name)", "Where a letter's link leads: \(title).", answers: [page]),
        for: access.any
      ) { _, _ in
        Self.html(
          templates.account.render(["page": name, "title": title, "assets": templates.version]))
      }
    }
    routes.add(
      Route(.get, "/c/{slug}", "A chatbot's own page.", answers: [page]), for: access.any
    ) { call, _ in
      guard let chatbot = try await database.chatbot(try call.parameter("slug")),
        chatbot.settings.isPublic
      else { throw AppError.notFound }
      // The page brings its first session along: one request less, and no site has to be allowed.
      let session = chat.sessionTokens(
        chatbot: chatbot.id, session: RandomText.uuid(), channel: "share", now: call.now)
      let welcome = chatbot.settings.welcomeText
      return Self.html(
        templates.chat.render(
          [
            "id": chatbot.id.text, "name": chatbot.name, "assets": templates.version,
            "welcome": welcome.contains { !$0.isWhitespace } ? welcome : Self.welcome,
            "token": session.token, "resume": session.resume,
          ]), caching: "no-store")
    }
  }

  private static let welcome =
    "Ask me about the documents I was given. I answer with their words and say where they stand."

  private static func html(_ text: String, caching: String = "no-cache") -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/html; charset=utf-8", .cacheControl: caching],
      body: ResponseBody(byteBuffer: .init(string: text)))
  }
}
