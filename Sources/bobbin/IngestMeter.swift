// The progress of an ingest: one line redrawn on a terminal, a line every few seconds elsewhere.

import Glibc
import Spool
import Storage

/// Counts receipts and shows how far the stages are.
struct IngestMeter {
  private let stages: [String]
  private let documents: Int
  private let silent: Bool
  private let isTerminal = isatty(2) == 1
  private var finished: [String: Set<String>] = [:]
  private var ended = Set<String>()
  private var waiting = 0
  private var lastLine = ""
  private var lastShown = ContinuousClock.now - .seconds(60)
  /// Chunks that passed the embed stage.
  private(set) var chunks = 0
  /// Tokens that were embedded anew; the rest came out of the cache.
  private(set) var embeddedTokens = 0
  private var chunksMade = 0

  init(stages: [String], documents: Int, silent: Bool) {
    self.stages = stages
    self.documents = documents
    self.silent = silent
  }

  mutating func count(_ receipt: Receipt) {
    for document in receipt.documents where !document.document.isEmpty {
      switch document.outcome {
      case .done:
        // The order's receipt speaks of documents again; it is the build, not a stage's pass.
        if receipt.stage == "index" && receipt.generation == nil { continue }
        finished[receipt.stage, default: []].insert(document.document)
        if receipt.stage == "chunk" { chunksMade += document.chunks }
        if receipt.stage == "embed" {
          chunks += document.chunks
          embeddedTokens += document.tokens
        }
      case .gone, .failed, .dropped: ended.insert(document.document)
      case .retry: continue
      }
    }
  }

  mutating func show(_ progress: RunProgress) {
    guard !silent else { return }
    waiting = progress.waitingItems
    let parts = stages.map { stage in
      stage == "embed"
        ? "embed \(chunks)/\(chunksMade) chunks"
        : "\(stage) \(finished[stage, default: []].count)/\(documents)"
    }
    var line = parts.joined(separator: "  ")
    if !ended.isEmpty { line += "  failed \(ended.count)" }
    if waiting > 0 { line += "  waiting \(waiting)" }
    guard line != lastLine else { return }
    if isTerminal {
      StandardStream.error.write("\r\u{1B}[K\(line)")
      lastLine = line
    } else if ContinuousClock.now - lastShown > .seconds(2) {
      StandardStream.error.line("\(line)")
      lastLine = line
      lastShown = ContinuousClock.now
    }
  }

  func end() {
    if isTerminal, !silent { StandardStream.error.write("\r\u{1B}[K") }
  }
}
