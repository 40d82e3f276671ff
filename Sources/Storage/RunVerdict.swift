// The gate as rows have it: which runs' generations wait for their evaluation, and what it found. What the figures mean, and
// what is demanded of them, is App's; here they are text.
//
// A run's gate_json is NULL (nobody judges), `openGate` (ordered to be built and held; judged once held_generation is set),
// `skippedGate` (the shrink guard holds it, so its owner decides), or the verdict. It is opened before the order is made, so that the order repeated is the same order.

package import Corpus
import FoundationEssentials
import GRDB

/// What an evaluation found of a run's generation.
package struct Verdict: Sendable {
  package let generation: Int
  /// The figures.
  package let json: String

  package init(generation: Int, json: String) {
    self.generation = generation
    self.json = json
  }
}

extension AppDatabase {
  /// What a run's gate says until the verdict.
  static let openGate = #"{"state":"open"}"#
  static let skippedGate = #"{"state":"skipped"}"#
  /// What a receipt gives as its reason for a generation that waits for its evaluation.
  static let evaluationReason = "evaluation"

  /// Whether the generation that a run orders now must wait for its evaluation.
  ///
  /// Only what reads documents is judged, and only when its chatbot demands something and has a question to measure it by.
  package func openGate(of run: RunID) async throws -> Bool {
    try await pool.write { database in
      let row = try database.first(
        """
        SELECT r."trigger", r.held_generation, r.gate_json, r.state, c.quality_gate_json, c.id
        FROM runs r JOIN chatbots c ON c.id = r.chatbot_id WHERE r.id = $1
        """, [run.text])
      guard let row, row["trigger"] == "train" else { return false }
      let gate: String? = row["gate_json"]
      let held: Int? = row["held_generation"]
      // Decided already: the same order again is held again.
      if gate == Self.openGate || held != nil { return gate != nil }
      guard row["quality_gate_json"] as String != "{}", row["state"] == "running" else {
        return false
      }
      let questions = try database.number(
        "SELECT count(*) FROM golden_questions WHERE chatbot_id = $1", [row["id"] as String])
      guard questions > 0 else { return false }
      try database.change(
        "UPDATE runs SET gate_json = $1 WHERE id = $2", [Self.openGate, run.text])
      return true
    }
  }

  /// Whether a run's generation is held, waits for its verdict, or has one that is being carried out.
  package func isJudged(_ run: RunID) async throws -> Bool {
    try await reads.read { database in
      try database.number(
        """
        SELECT count(*) FROM runs WHERE id = $1 AND (state = 'held'
          OR (held_generation IS NOT NULL AND gate_json = $2)
          OR EXISTS (SELECT 1 FROM run_items i
            WHERE i.run_id = runs.id AND i.is_order = 1 AND i.closed = 0))
        """, [run.text, Self.openGate]) == 1
    }
  }

  /// The documents that some order of a run has built into a generation.
  package func builtDocuments(of run: RunID) async throws -> Set<String> {
    try await reads.read { database in
      Set(
        try database.all(
          """
          SELECT DISTINCT d.document_id AS document FROM document_receipts d JOIN run_items i
            ON i.run_id = d.run_id AND i.stage = d.stage AND i.item = d.item
          WHERE d.run_id = $1 AND i.is_order = 1 AND d.outcome = 'done'
          """, [run.text]
        ).map { $0["document"] as String })
    }
  }

  /// Notes a verdict with the order that follows from it, if the generation still waits for one.
  static func note(_ verdict: Verdict, of run: RunID, in database: Database) throws -> Bool {
    try database.change(
      """
      UPDATE runs SET gate_json = $1, held_reason = NULL
      WHERE id = $2 AND state = 'running' AND held_generation = $3 AND gate_json = $4
      """, [verdict.json, run.text, verdict.generation, openGate]) == 1
  }

  /// Notes that a generation stays held, with a sentence for its owner, if it still waits for its verdict.
  package func hold(_ run: RunID, _ verdict: Verdict, reason: String) async throws {
    try await pool.write { database in
      _ = try database.change(
        """
        UPDATE runs SET state = 'held', gate_json = $1, held_reason = $2
        WHERE id = $3 AND state = 'running' AND held_generation = $4 AND gate_json = $5
        """, [verdict.json, reason, run.text, verdict.generation, Self.openGate])
    }
  }
}
