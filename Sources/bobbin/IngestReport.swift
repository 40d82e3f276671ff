// What became of every document, as a table or as JSON.

import Corpus
import FoundationEssentials
import Storage

/// The summary of an ingest.
struct IngestReport {
  let chatbot: Chatbot
  let documents: [DocumentRow]
  let progress: RunProgress
  let elapsed: Duration

  private var generation: Int? { progress.generation }
  private var embeddedTokens: Int { progress.passed["embed"]?.tokens ?? 0 }

  private var live: [DocumentRow] { documents.filter { $0.state == "live" } }
  private var waiting: [DocumentRow] {
    documents.filter { $0.state != "live" && $0.state != "ended" }
  }
  private var failed: [DocumentRow] {
    documents.filter { $0.state == "ended" && !$0.isLeftOut }
  }
  /// Nothing at all came of it, even if each page had its reason.
  private var isEmpty: Bool { live.isEmpty && waiting.isEmpty }

  /// 0 all live, 75 some still wait, 65 some ended with a reason.
  var exitCode: Int32 {
    if progress.state == "held" { return 65 }
    if !waiting.isEmpty { return 75 }
    return failed.isEmpty && !isEmpty ? 0 : 65
  }

  func text() -> String {
    var lines: [String] = []
    let width = min(48, documents.map { $0.uri.count }.max() ?? 0)
    for document in documents {
      let name = document.uri.count > width ? "…" + document.uri.suffix(width - 1) : document.uri
      let padded = name + String(repeating: " ", count: max(0, width - name.count))
      var line = "  \(mark(document)) \(padded)  "
      if document.state == "live" {
        line += document.pages > 0 ? "\(document.pages) pages, " : ""
        line += "\(document.chunks) chunks"
        if let warning = document.message { line += "  (\(warning))" }
      } else {
        line += "\(document.state): \(document.reason ?? "in \(document.stage)")"
        if let message = document.message { line += " — \(message)" }
      }
      lines.append(line)
    }
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let chunks = live.reduce(0) { $0 + $1.chunks }
    lines.append(
      "\(chatbot.slug): \(live.count) of \(documents.count) documents live, \(chunks) chunks, "
        + "\(embeddedTokens) tokens embedded anew, "
        + (generation.map { "generation \($0), " } ?? "no new generation, ")
        + "\((seconds * 10).rounded() / 10) s")
    if progress.state == "held", let held = progress.heldGeneration {
      lines.append(
        "held: \(progress.heldReason ?? "the shard would shrink.") "
          + "`bobbin shard publish \(chatbot.slug) \(held)` makes it answer.")
    } else if !waiting.isEmpty {
      lines.append("\(waiting.count) still wait for a retry; run the same command again later.")
    }
    return lines.joined(separator: "\n")
  }

  private func mark(_ document: DocumentRow) -> String {
    switch document.state {
    case "live": "✓"
    case "ended": document.isLeftOut ? "–" : "✗"
    default: "…"
    }
  }

  func json() throws -> String {
    struct Summary: Encodable {
      let chatbot: String
      let id: String
      let generation: Int?
      let tokensEmbedded: Int
      let documents: [DocumentRow]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let summary = Summary(
      chatbot: chatbot.slug, id: chatbot.id.text, generation: generation,
      tokensEmbedded: embeddedTokens, documents: documents)
    return String(decoding: try encoder.encode(summary), as: UTF8.self)
  }
}
