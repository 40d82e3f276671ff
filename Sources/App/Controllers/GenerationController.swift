// The generations of a chatbot: which are kept, what changed in one, and which of them answers.

import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage
import VectorShard

/// `/api/chatbots/{chatbot_id}/generations/…`, and what lets another generation answer.
struct GenerationController: Sendable {
  let database: AppDatabase
  let training: Training
  /// The data directory.
  let data: String

  private static let base = "/api/chatbots/{chatbot_id}/"
  /// Documents that a difference names of each kind.
  private static let listedChanges = 1_000

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let run = AnswerShape.json(202, .component("Run"))
    routes.add(
      Route(
        .get, Self.base + "generations/", "The generations that are kept, newest first.",
        answers: [
          .json(
            200,
            .object([
              required(
                "items",
                .array(
                  .object([
                    required("generation", .count), required("is_current", .boolean),
                    required("documents", .count), required("chunks", .count),
                    required("bytes", .count), required("run", .text),
                  ]), 0...1000))
            ]))
        ]),
      for: access.owner, { call, owner in try await generations(call, owner) })
    let changed = Schema.array(
      .object([required("document_id", .id), required("title", .text), required("uri", .text)]),
      0...Self.listedChanges)
    routes.add(
      Route(
        .get, Self.base + "generations/{generation}/diff/",
        "What changed in a generation, by document, since an earlier one.",
        query: [optional("from", .count)],
        answers: [
          .json(
            200,
            .object([
              required("from", .nullable(.count)), required("to", .count),
              required("added_count", .count), required("removed_count", .count),
              required("changed_count", .count), required("unchanged_count", .count),
              // The first thousand of each.
              required("added", changed), required("removed", changed),
              required("changed", changed),
            ]))
        ]),
      for: access.owner, { call, owner in try await difference(call, owner) })
    routes.add(
      Route(
        .post, Self.base + "rollback/",
        "Let an earlier generation answer again, or the one that was left by that.",
        body: .json(.object([required("generation", .integer(1...Int(Int32.max)))])),
        answers: [run], problems: [.notFound, .notHeld], ownerLimit: .hourly(60)),
      for: access.owner,
      { call, owner in
        let chatbot = try await database.owned(call, owner)
        let wanted = call.input.whole("generation") ?? 0
        let directory = "\(data)/shards/\(chatbot.id)"
        let kept = try await BlockingWork.run { try ShardManifest.generations(in: directory) }
        guard kept.contains(wanted) else { throw AppError.notFound }
        // One that the owner has still to judge does not go live by the back door.
        let held = try await database.runRows(
          of: chatbot.id, state: "held", PageRequest(limit: 100))
        guard !held.contains(where: { $0.heldGeneration == wanted }) else {
          throw AppError(
            .notHeld, detail: "It waits for your decision: publish it, or cancel it.")
        }
        return try await move(.rollback, wanted, chatbot)
      })
    routes.add(
      Route(
        .post, Self.base + "runs/{run_id}/publish/",
        "Go live with a generation that is held: it would lose many documents, or failed its evaluation.",
        answers: [run], problems: [.notHeld]),
      for: access.owner,
      { call, owner in
        let (chatbot, row) = try await database.run(call, owner)
        guard row.state == "held", let generation = row.heldGeneration else {
          throw AppError(.notHeld)
        }
        return try await move(.publish, generation, chatbot)
      })
  }

  /// The index stage carries it out; the run tells when it has.
  private func move(
    _ action: IndexOrder.Action, _ generation: Int, _ chatbot: Chatbot
  ) async throws -> Response {
    let run: RunID
    do {
      run = try await training.order(action, generation: generation, of: chatbot.id)
    } catch let fault as StageFault {
      throw fault.exitCode == 75 ? AppError.busy(retryAfterSeconds: 5) : AppError(.notHeld)
    }
    guard let row = try await database.runRow(run.text, of: chatbot.id) else {
      throw AppError(.internal)
    }
    return Answer.json(try await database.shape(row), .accepted)
  }

  private func generations(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Generation: Encodable {
      let generation: Int
      let is_current: Bool
      let documents, chunks, bytes: Int
      let run: String
    }
    let chatbot = try await database.owned(call, owner)
    let directory = "\(data)/shards/\(chatbot.id)"
    let all = try await BlockingWork.run { () -> [Generation] in
      let current = try ShardManifest.currentGeneration(in: directory)
      return try ShardManifest.generations(in: directory).reversed().map { number in
        let manifest = try ShardManifest.manifest(generation: number, in: directory)
        return Generation(
          generation: number, is_current: number == current, documents: manifest.documentCount,
          chunks: manifest.rowCount, bytes: manifest.segments.reduce(0) { $0 + $1.bytes },
          run: manifest.run)
      }
    }
    return Answer.json(["items": all])
  }

  /// Compares a generation with the kept one before it, or with the one that is named.
  private func difference(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Changed: Encodable {
      let document_id, title, uri: String

      init(_ description: DocumentDescription) {
        document_id = description.document.text
        title = description.title
        uri = description.uri
      }
    }
    struct Difference: Encodable {
      let from: Nullable<Int>
      let to, added_count, removed_count, changed_count, unchanged_count: Int
      let added, removed, changed: [Changed]
    }
    let chatbot = try await database.owned(call, owner)
    let directory = "\(data)/shards/\(chatbot.id)"
    let kept = try await BlockingWork.run { try ShardManifest.generations(in: directory) }
    guard let to = Int(try call.parameter("generation")), kept.contains(to) else {
      throw AppError.notFound
    }
    let from = call.query("from").flatMap { Int($0) } ?? kept.filter { $0 < to }.max()
    guard from.map(kept.contains) ?? true else { throw AppError.notFound }
    return Answer.json(
      try await BlockingWork.run { () -> Difference in
        func documents(_ number: Int?) throws -> [DocumentID: DocumentDescription] {
          guard let number else { return [:] }
          let manifest = try ShardManifest.manifest(generation: number, in: directory)
          return try GenerationDocuments.all(in: try ShardSet(manifest, in: directory))
        }
        let found = GenerationDifference(from: try documents(from), to: try documents(to))
        func listed(_ documents: [DocumentDescription]) -> [Changed] {
          documents.prefix(Self.listedChanges).map(Changed.init)
        }
        return Difference(
          from: Nullable(from), to: to, added_count: found.added.count,
          removed_count: found.removed.count, changed_count: found.changed.count,
          unchanged_count: found.unchangedCount, added: listed(found.added),
          removed: listed(found.removed), changed: listed(found.changed))
      })
  }
}
