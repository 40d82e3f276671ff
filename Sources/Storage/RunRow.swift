// A run as rows have it: what App goes on with, and what its owner is shown.

package import Corpus
import FoundationEssentials
import GRDB

/// A run that is not over.
package struct OpenRun: Sendable {
  package let id: RunID
  package let chatbot: ChatbotID
  /// Milliseconds since 1970 UTC.
  package let startedAt: Int
  /// Documents that the run's generation must not hold any more.
  package let removed: [DocumentID]
  /// The owner's word that the shard may shrink.
  package let mayShrink: Bool
  /// train, rollback, or removal: nothing but taking documents out.
  package let trigger: String
  /// The generation that waits for its evaluation; nil when none does.
  package let evaluatedGeneration: Int?
}

/// A run's row as its owner sees it.
package struct RunRow: Sendable {
  package let id: RunID
  package let chatbot: ChatbotID
  /// running, held, done, failed or cancelled.
  package let state: String
  package let trigger: String
  package let generation: Int?
  package let heldReason: String?
  /// The generation that waits for its owner's word.
  package let heldGeneration: Int?
  package let startedAt: Int
  package let finishedAt: Int?
  /// JSON: how its generation was judged, as App wrote it; nil when nobody has to.
  package let verdict: String?
  /// Whether its generation is built and waits for its evaluation.
  package let awaitsEvaluation: Bool

  init(row: Row) {
    id = RunID(unchecked: row["id"])
    chatbot = ChatbotID(unchecked: row["chatbot_id"])
    state = row["state"]
    trigger = row["trigger"]
    generation = row["generation"]
    heldReason = row["held_reason"]
    heldGeneration = row["held_generation"]
    startedAt = row["started_at"]
    finishedAt = row["finished_at"]
    let gate: String? = row["gate_json"]
    verdict = [AppDatabase.openGate, AppDatabase.skippedGate].contains(gate) ? nil : gate
    awaitsEvaluation =
      gate == AppDatabase.openGate && state == "running" && heldGeneration != nil
  }
}

extension OpenRun {
  init(row: Row) throws {
    let removed = try JSONDecoder().decode(
      [String].self, from: Data((row["removed_json"] as String).utf8))
    self.init(
      id: RunID(unchecked: row["id"]), chatbot: ChatbotID(unchecked: row["chatbot_id"]),
      startedAt: row["started_at"], removed: removed.map { DocumentID(unchecked: $0) },
      mayShrink: row["may_shrink"] == 1, trigger: row["trigger"],
      evaluatedGeneration: row["gate_json"] as String? == AppDatabase.openGate
        ? row["held_generation"] : nil)
  }
}
