// Pages for people: the list of chatbots and the chat page. Data only through the API.

import Corpus
import HTTPTypes
import Hummingbird
import Mustache
import Storage

/// `/` and `/c/{slug}`.
struct PageController {
  let database: AppDatabase
  let templates: Templates

  func addRoutes(to router: Router<AppRequestContext>) {
    router.get("/") { _, _ in
      let chatbots = try await database.chatbots()
      let items = chatbots.map { ["slug": $0.slug, "name": $0.name] }
      return Self.html(
        templates.home.render(
          ["chatbots": items, "empty": chatbots.isEmpty, "assets": templates.version]
            as [String: Any]))
    }
    router.get("c/:slug") { _, context in
      guard let chatbot = try await database.chatbot(try context.parameters.require("slug")) else {
        throw AppError.notFound
      }
      return Self.html(
        templates.chat.render(
          ["id": chatbot.id.text, "name": chatbot.name, "assets": templates.version]))
    }
  }

  private static func html(_ text: String) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-cache"],
      body: ResponseBody(byteBuffer: .init(string: text)))
  }
}
