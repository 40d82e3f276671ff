// Reads `pipelines/ingest.mk`: the order of the stages and their numbers as data, `NAME = value` lines only, the same file
// that make includes.

package import Spool

/// The settings of a pipeline by name.
package struct PipelineFile: Sendable {
  /// Values as written, without surrounding spaces.
  package let values: [String: String]

  /// Parses the file's text; comments begin with `#`.
  ///
  /// - Throws: `StageFault` (78) naming the line that is no `NAME = value`.
  package init(text: String, path: String) throws(StageFault) {
    var values: [String: String] = [:]
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.prefix { $0 != "#" }
      if line.allSatisfy(\.isWhitespace) { continue }
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts[0].trimmed
      guard parts.count == 2, !name.isEmpty,
        name.utf8.allSatisfy({ (65...90).contains($0) || $0 == 95 })
      else {
        throw StageFault(
          "\(path):\(number + 1): expected NAME = value, found “\(line.prefix(40))”", exitCode: 78)
      }
      values[name] = parts[1].trimmed
    }
    self.values = values
  }

  /// Reads and parses a file.
  package init(path: String) throws {
    let bytes = try DurableFile.read(path, limit: 1 << 20)
    try self.init(text: String(decoding: bytes, as: UTF8.self), path: path)
  }

  /// The named file, else `pipelines/ingest.mk` below the working directory, else the built-in values.
  package init(chosen path: String?) throws {
    let usual = "pipelines/ingest.mk"
    if let path {
      try self.init(path: path)
    } else if DurableFile.exists(usual) {
      try self.init(path: usual)
    } else {
      try self.init(text: "", path: "built in")
    }
  }

  /// A whole number, or `fallback` when the name is not set.
  ///
  /// - Throws: `StageFault` (78) when the value is no number of at least `least`.
  package func number(
    _ name: String, _ fallback: Int, from least: Int = 1
  ) throws(StageFault) -> Int {
    guard let text = values[name] else { return fallback }
    guard let number = Int(text), number >= least else {
      throw StageFault("\(name) = \(text): expected a whole number from \(least)", exitCode: 78)
    }
    return number
  }

  /// The stages in order.
  package var stages: [String] {
    values["STAGES"]?.split(separator: " ").map(String.init)
      ?? ["fetch", "extract", "chunk", "embed", "index"]
  }

  /// The runner's settings of one stage: `FETCH_WORKERS`, `EMBED_BATCH_RECORDS`, `RETRY_TRIES` and so on.
  package func settings(for stage: String, watch: Bool) throws(StageFault) -> RunnerSettings {
    let prefix = stage.uppercased()
    return RunnerSettings(
      workers: try number("\(prefix)_WORKERS", 1),
      batch: BatchLimits(
        records: try number("\(prefix)_BATCH_RECORDS", 256),
        bytes: try number("\(prefix)_BATCH_BYTES", 8 << 20)),
      policy: RetryPolicy(
        tries: try number("RETRY_TRIES", 5),
        harmfulTries: try number("RETRY_HARMFUL_TRIES", 3),
        firstDelay: try number("RETRY_FIRST_DELAY_MS", 30_000),
        longestDelay: try number("RETRY_LONGEST_DELAY_MS", 3_600_000)),
      bounds: QueueBounds(
        next: try number("QUEUE_BOUND", 10_000), ledger: try number("LEDGER_BOUND", 100_000)),
      groupLimit: try number("GROUP_ITEMS", 32),
      itemLimit: .seconds(try number("ITEM_LIMIT_S", 900)),
      watch: watch,
      // Fetch alone takes in from outside.
      reserve: stage == "fetch" ? .whole : .half)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
