// Measures the embedder alone: passages and queries per CPU-second, and the time of one query.
//
// Relies on Embedding. The peer, ONNX Runtime on the same texts, is Tests/bench/embed_onnx.py,
// which runs this between its own rounds. Rates are per CPU-second because the machines benches run
// on are shared.

import Embedding
import FoundationEssentials
import Glibc

/// The embedding part of the bench.
package enum EmbedBench {
  private struct Result: Encodable {
    let kernels: String
    let threads: Int
    let passages: Int
    let tokens: Int
    let passagesPerCPUSecond: Double
    let passagesPerSecond: Double
    let queriesPerCPUSecond: Double
    let queryP50Milliseconds: Double
    let loadMilliseconds: Double
    let residentMegabytes: Double
    let peakMegabytes: Double
    let firstVector: [Float]
  }

  /// Embeds every passage, then every passage's first 14 words as a query, one after another.
  /// - Parameter passagesFile: JSON Lines, one string a line.
  /// - Returns: a JSON object.
  package static func run(
    passagesFile: String, modelDirectory: String, threads: Int
  ) async throws -> String {
    let clock = ContinuousClock()
    let passages = try Data(contentsOf: URL(filePath: passagesFile))
      .split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(String.self, from: Data($0)) }
    let queries = passages.map {
      $0.split(whereSeparator: \.isWhitespace).prefix(14).joined(separator: " ")
    }

    let loadStart = cpuSeconds()
    let embedder = try MiniLM.load(directory: modelDirectory, threads: threads)
    let load = cpuSeconds() - loadStart
    _ = try await embedder.embed(Array(queries.prefix(16)))

    let start = cpuSeconds()
    let wallStart = clock.now
    var first: [Float] = []
    for begin in stride(from: 0, to: passages.count, by: 128) {
      let vectors = try await embedder.embed(
        Array(passages[begin..<min(begin + 128, passages.count)]))
      if begin == 0 { first = vectors.first ?? [] }
    }
    let passageSeconds = cpuSeconds() - start
    let passageWall = (clock.now - wallStart) / .seconds(1)

    var times: [Double] = []
    let queryStart = cpuSeconds()
    for query in queries {
      let begin = clock.now
      _ = try await embedder.embed([query])
      times.append((clock.now - begin) / .milliseconds(1))
    }
    let querySeconds = cpuSeconds() - queryStart

    let result = Result(
      kernels: try KernelRung.chosen().name, threads: threads, passages: passages.count,
      tokens: passages.reduce(0) { $0 + embedder.countTokens($1) },
      passagesPerCPUSecond: Double(passages.count) / passageSeconds,
      passagesPerSecond: Double(passages.count) / passageWall,
      queriesPerCPUSecond: Double(queries.count) / querySeconds,
      queryP50Milliseconds: times.sorted()[times.count / 2], loadMilliseconds: load * 1000,
      residentMegabytes: statusMegabytes("VmRSS:"), peakMegabytes: statusMegabytes("VmHWM:"),
      firstVector: first)
    return String(decoding: try JSONEncoder().encode(result), as: UTF8.self)
  }

  /// User and system time of this process so far.
  private static func cpuSeconds() -> Double {
    var used = rusage()
    getrusage(__rusage_who_t(0), &used)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(used.ru_utime) + seconds(used.ru_stime)
  }

  /// A line of /proc/self/status (man 5 proc), which counts in kB.
  private static func statusMegabytes(_ name: String) -> Double {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
        Double($0)
      })
    else { return 0 }
    return kilobytes / 1024
  }
}
