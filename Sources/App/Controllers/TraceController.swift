// How an answer came about, for its chatbot's owner: each sentence with its citations, each citation followed back to the bytes that
// were fetched, and what else was looked at. Citable passages only; no private text, and of private sources not even that
// they were asked.

import Answering
import Corpus
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/chatbots/{chatbot_id}/conversations/{conversation_id}/messages/{message_id}/trace/`.
struct TraceController: Sendable {
  let database: AppDatabase
  /// The data directory.
  let data: String
  /// Nil where the operator has named none.
  let prices: TokenPrices?

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let link = Schema.object([
      required("name", .text), required("facts", .map(.text)), required("broken", .nullable(.text)),
    ])
    routes.add(
      Route(
        .get,
        "/api/chatbots/{chatbot_id}/conversations/{conversation_id}/messages/{message_id}/trace/",
        "How an answer came about: sentence, chunk, page, fetched bytes.",
        answers: [
          .json(
            200,
            .object([
              required("message_id", .id), required("mode", .text),
              required("generation", .nullable(.count)), required("model", .nullable(.text)),
              required("tokens_in", .count), required("tokens_out", .count),
              required("cost", .nullable(.component("Cost"))),
              required("milliseconds", .count), required("created_at", .time),
              required("searched", .nullable(.text)),
              required(
                "sentences",
                .array(
                  .object([
                    required("text", .text), required("citations", .array(.count, 0...100)),
                    required("references", .array(.text, 0...100)),
                  ]), 0...10_000)),
              required(
                "citations",
                .array(
                  .object([
                    required("n", .count), required("reference", .text),
                    required("whole", .boolean), required("links", .array(link, 0...20)),
                  ]), 0...100)),
              required(
                "passages",
                .array(
                  .object([
                    required("reference", .text), required("source_id", .text),
                    required("score", .number), required("cosine", .number),
                    required("words", .number),
                  ]), 0...100)),
            ]))
        ]),
      for: access.owner, { call, owner in try await trace(call, owner) })
  }

  private struct Link: Encodable {
    let name: String
    let facts: [String: String]
    let broken: Nullable<String>
  }
  private struct Cited: Encodable {
    let n: Int
    let reference: String
    let whole: Bool
    let links: [Link]
  }
  private struct Sentence: Encodable {
    let text: String
    let citations: [Int]
    /// The chunk of each of them.
    let references: [String]
  }
  private struct Shape: Encodable {
    let message_id, mode, created_at: String
    let generation: Nullable<Int>
    let model, searched: Nullable<String>
    let tokens_in, tokens_out, milliseconds: Int
    let cost: Nullable<Cost>
    let sentences: [Sentence]
    let citations: [Cited]
    let passages: [AnswerTraceShape.Passage]
  }

  private func trace(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard
      let conversation = try await database.conversation(
        try call.id("conversation_id"), of: chatbot.id),
      let answer = try await database.answerTrace(
        try call.id("message_id"), in: conversation.id)
    else { throw AppError.notFound }
    let kept = try? JSONDecoder().decode(AnswerTraceShape.self, from: Data(answer.trace.utf8))
    let visibilities = try await database.visibilities(of: chatbot.id)
    let citable = Set(visibilities.filter { $0.value == .citable }.map(\.key.text))
    // Of a citation the chunks that its sentences rest on: neighbours that a model was given as one passage have one number.
    var cited: [Cited] = []
    let tracer = Tracer(data: data, database: database)
    for citation in answer.citations {
      let own = (kept?.grounds ?? []).filter { $0.n == citation.n }.map(\.reference)
      var seen: Set<String> = []
      for reference in own.isEmpty ? [citation.reference] : own
      where seen.insert(reference).inserted {
        cited.append(
          await follow(
            citation.n, reference, chatbot, generation: answer.generation, by: tracer))
      }
    }
    func reference(_ n: Int, of sentence: Int) -> String {
      kept?.grounds?.first { $0.n == n && $0.sentence == sentence }?.reference
        ?? cited.first { $0.n == n }?.reference ?? ""
    }
    let known = Set(cited.map(\.n))
    return Answer.json(
      Shape(
        message_id: answer.message, mode: answer.mode, created_at: APITime.text(answer.createdAt),
        generation: Nullable(answer.generation), model: Nullable(answer.model),
        searched: Nullable(kept?.searched), tokens_in: answer.tokensIn,
        tokens_out: answer.tokensOut, milliseconds: answer.milliseconds,
        cost: Nullable(
          prices?.cost(of: TokenCounts(read: answer.tokensIn, written: answer.tokensOut))),
        sentences: CitedSentence.all(in: answer.content).enumerated().map { index, sentence in
          let numbers = sentence.numbers.filter(known.contains)
          return Sentence(
            text: sentence.text, citations: numbers,
            references: numbers.map { reference($0, of: index) })
        }, citations: cited,
        passages: (kept?.passages ?? []).filter { citable.contains($0.source_id) }))
  }

  /// A citation back to the fetched bytes.
  private func follow(
    _ n: Int, _ reference: String, _ chatbot: Chatbot, generation: Int?, by tracer: Tracer
  ) async -> Cited {
    guard let parsed = TraceReference(reference),
      // What is not there any more is said to be so.
      let trace = try? await tracer.trace(
        parsed, chatbot: chatbot.id, generation: generation)
    else {
      let lost = Link(
        name: "chunk", facts: [:], broken: Nullable("no generation holds the document any more"))
      return Cited(n: n, reference: reference, whole: false, links: [lost])
    }
    // Where things lie on the server is the operator's to know: `bobbin trace` says it.
    let links = trace.links.map { link in
      Link(
        name: link.name,
        facts: Dictionary(
          link.facts.filter { $0.name != "path" }
            .map { ($0.name.replacing(" ", with: "_"), Self.text($0.value)) },
          uniquingKeysWith: { $1 }),
        broken: Nullable(link.broken?.replacing(data, with: "…")))
    }
    return Cited(n: n, reference: reference, whole: trace.isWhole, links: links)
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text
    case .integer(let number): "\(number)"
    default: String(decoding: JSONText.encode(value), as: UTF8.self)
    }
  }
}
