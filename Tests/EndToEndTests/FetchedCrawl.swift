// A site read by the real bobbin-fetch and by no other stage: what became of each address, and how much memory it took.

import Foundation
import TestSupport

/// A crawl that has come to its end.
struct FetchedCrawl {
  /// A line of `bobbin report --json`.
  struct Line: Decodable {
    let url: String
    let outcome: String
    var reason: String?
    var redirect: String?
    var status: Int?

    /// What an owner is told; what was read waits for the next stage.
    var told: String { reason ?? (outcome == "queued" ? "read" : outcome) }
  }

  struct Unfinished: Error, CustomStringConvertible {
    let description: String
  }

  /// By path, the site's own address left off.
  let lines: [String: Line]
  /// Addresses that were not followed, counted by reason.
  let notFollowed: [String: Int]
  /// The most that the stage had in memory, in bytes.
  let peakMemory: Int

  /// Paths of what was passed on.
  var read: Set<String> { Set(lines.filter { $0.value.told == "read" }.keys) }
  func paths(_ reason: String) -> Set<String> {
    Set(lines.filter { $0.value.told == reason }.keys)
  }

  /// Begins a crawl and works on it until nothing is left of it.
  ///
  /// - Parameters:
  ///   - site: `http://host:port`, allowed for this crawl.
  ///   - options: of `bobbin ingest`.
  ///   - settings: lines of a pipeline file; no pause between requests is one of them.
  init(
    _ site: String, _ start: String, _ options: [String], settings: String = "",
    seconds: Double = 200
  ) async throws {
    let bobbin = try Installation(model: false)
    let pipeline = try bobbin.folder.write("FETCH_HOST_DELAY_MS = 0\n" + settings, "pipeline.mk")
    let environment = ["BOBBIN_ALLOWED_HOSTS": String(site.dropFirst("http://".count))]
    let begun = try await bobbin.tool("bobbin", environment).run(
      ["ingest", "site", site + start, "--detach", "--pipeline", pipeline] + options)
    guard begun.exitCode == 0 else { throw Unfinished(description: begun.errors) }
    let fetch = try bobbin.tool("bobbin-fetch", environment).prepare([
      "--spool", bobbin.spool, "--pipeline", pipeline, "--quiet", "--watch",
    ])
    try fetch.start()
    defer {
      fetch.terminate()
      fetch.waitUntilExit()
    }
    let end = ContinuousClock.now + .seconds(seconds)
    var empty = 0
    // An item between two folders is seen in neither: it must be gone for a while.
    while empty < 3 {
      empty = Self.isDrained(bobbin.spool) ? empty + 1 : 0
      guard ContinuousClock.now < end, fetch.isRunning else {
        throw Unfinished(description: "the crawl did not end by itself")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    peakMemory = Self.peak(of: fetch.processIdentifier)
    let report = try await bobbin.tool("bobbin").run(["report", "site", "--json"])
    let decoded = try report.output.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    lines = Dictionary(
      decoded.map { (String($0.url.dropFirst(site.count)), $0) },
      uniquingKeysWith: { first, _ in first })
    let table = try await bobbin.tool("bobbin").run(["report", "site"])
    notFollowed = Self.counts(table.output)
  }

  private static func isDrained(_ spool: String) -> Bool {
    ["incoming", "active", "deferred"].allSatisfy { state in
      (FileManager.default.enumerator(atPath: "\(spool)/fetch/\(state)")?.allObjects ?? [])
        .allSatisfy { !"\($0)".hasSuffix(".zst") && !"\($0)".contains(".zst,") }
    }
  }

  /// `man 5 proc`: VmHWM is in kB.
  private static func peak(of process: Int32) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? .max / 1_024) * 1_024
  }

  private static func counts(_ table: String) -> [String: Int] {
    let line = table.split(separator: "\n").first { $0.hasPrefix("not followed: ") } ?? ""
    var counts: [String: Int] = [:]
    for part in line.dropFirst("not followed: ".count).split(separator: ",") {
      let words = part.split(separator: " ")
      if words.count == 2 { counts[String(words[1])] = Int(words[0]) }
    }
    return counts
  }
}
