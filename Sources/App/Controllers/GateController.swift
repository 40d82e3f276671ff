// What the output gate has done, for owners: a number, never the text (PRIVACY.md, "Layer 3").

import Corpus
import HTTPTypes
import Storage

/// `/api/chatbots/{chatbot_id}/gate/`.
struct GateController: Sendable {
  /// Days that are counted.
  private static let days = 30

  let database: AppDatabase

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/api/chatbots/{chatbot_id}/gate/",
        "How many blended answers the output gate has ended in the last 30 days.",
        answers: [
          .json(
            200,
            .object([
              required("since", .time), required("answers", .count), required("stopped", .count),
            ]))
        ]),
      for: access.user,
      { call, owner in
        struct Shape: Encodable {
          let since: String
          let answers, stopped: Int
        }
        let chatbot = try await database.owned(call, owner)
        let since = call.now - Self.days * 86_400_000
        let count = try await database.gatedAnswers(of: chatbot.id, since: since)
        return Answer.json(
          Shape(since: APITime.text(since), answers: count.answers, stopped: count.stopped))
      })
  }
}
