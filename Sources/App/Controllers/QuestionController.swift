// A chatbot's golden questions: kept in their owner's order, replaced as a whole. What they are for: Gatekeeper, `bobbin eval`.

import Corpus
import Evaluation
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/chatbots/{chatbot_id}/questions/`.
struct QuestionController: Sendable {
  /// Questions of one chatbot.
  static let list = Schema.array(.component("GoldenQuestion"), 0...200)

  let database: AppDatabase

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let path = "/api/chatbots/{chatbot_id}/questions/"
    let list = Schema.object([required("items", Self.list)])
    routes.add(
      Route(
        .get, path, "The golden questions, in their owner's order.", answers: [.json(200, list)]),
      for: access.owner,
      { call, owner in try await shape(try await database.owned(call, owner)) })
    routes.add(
      Route(
        .put, path, "Replace the golden questions: what a generation is measured by.",
        body: .json(list), answers: [.json(200, list)], problems: [.badQuestion],
        bodyLimit: 2 << 20),
      for: access.owner, { call, owner in try await replace(call, owner) })
  }

  private func shape(_ chatbot: Chatbot) async throws -> Response {
    let rows = try await database.goldenQuestions(of: chatbot.id)
    return Answer.json(["items": rows.map(GoldenQuestionShape.init)])
  }

  private func replace(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard case .array(let values)? = call.input.members["items"] else {
      throw AppError.invalid("items", "type")
    }
    let rows = try Self.rows(values)
    let now = call.now
    let isKnown = try await database.setGoldenQuestions(
      rows, of: chatbot.id, now: now, id: { FreshID.text(now: now) })
    guard isKnown else {
      let known = Set(try await database.sources(of: chatbot.id).map(\.id))
      let index = rows.firstIndex { $0.source.map { !known.contains($0) } ?? false } ?? 0
      throw Self.bad(index, "source_id", "not-offered")
    }
    return try await shape(chatbot)
  }

  /// Questions of values that are as their schema says.
  ///
  /// - Throws: 422 naming the first that cannot be measured.
  static func rows(_ values: [JSONValue]) throws -> [GoldenQuestionRow] {
    var rows: [GoldenQuestionRow] = []
    for (index, value) in values.enumerated() {
      guard case .object(let members) = value else { continue }
      let input = Input(members)
      let row = GoldenQuestionRow(
        question: input.text("question") ?? "", history: input.texts("history") ?? [],
        source: input.text("source_id").map { SourceID(unchecked: $0) },
        expected: input.text("expected"), hasNoAnswer: input.flag("no_answer") ?? false)
      // Either there is an answer, and then it is said where or how, or there is none.
      guard row.hasNoAnswer == (row.source == nil && row.expected == nil) else {
        throw bad(index, "no_answer", row.hasNoAnswer ? "not-offered" : "required")
      }
      rows.append(row)
    }
    return rows
  }

  /// A question that is as its schema says and cannot be measured.
  private static func bad(_ index: Int, _ member: String, _ code: String) -> AppError {
    var error = AppError(.badQuestion)
    error.fields = [FieldProblem(field: "items[\(index)].\(member)", code: code)]
    return error
  }
}
