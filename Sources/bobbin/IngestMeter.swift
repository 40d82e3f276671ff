// The progress of an ingest: one line redrawn on a terminal, a line every few seconds elsewhere.

import Glibc
import Spool
import Storage

/// Shows how far the stages are.
struct IngestMeter {
  private let stages: [String]
  private let documents: Int
  private let silent: Bool
  private let isTerminal = isatty(2) == 1
  private var lastLine = ""
  private var lastShown = ContinuousClock.now - .seconds(60)

  init(stages: [String], documents: Int, silent: Bool) {
    self.stages = stages
    self.documents = documents
    self.silent = silent
  }

  mutating func show(_ progress: RunProgress) {
    guard !silent else { return }
    // A crawl finds its documents on the way.
    let documents = max(self.documents, progress.documents.values.reduce(0, +))
    let parts = stages.map { stage in
      switch stage {
      case "embed":
        "embed \(progress.passed["embed"]?.chunks ?? 0)/\(progress.passed["chunk"]?.chunks ?? 0) chunks"
      case "index": "index \(progress.documents["live", default: 0])/\(documents)"
      default: "\(stage) \(progress.passed[stage]?.documents ?? 0)/\(documents)"
      }
    }
    var line = parts.joined(separator: "  ")
    let ended = progress.documents["ended", default: 0]
    if ended > 0 { line += "  failed \(ended)" }
    if progress.waitingItems > 0 { line += "  waiting \(progress.waitingItems)" }
    if let left = progress.secondsLeft(now: WallClock.now()), left > 2 {
      line += "  about \(left < 90 ? "\(left) s" : "\((left + 59) / 60) min") left"
    }
    guard line != lastLine else { return }
    if isTerminal {
      StandardStream.error.write("\r\u{1B}[K\(line)")
      lastLine = line
    } else if ContinuousClock.now - lastShown > .seconds(2) {
      StandardStream.error.write("\(line)\n")
      lastLine = line
      lastShown = ContinuousClock.now
    }
  }

  func end() {
    if isTerminal, !silent { StandardStream.error.write("\r\u{1B}[K") }
  }
}
