// Speed of the recursive splitter, to stand beside Tests/bench/chunk_langchain.py on the same file.
//
// Measures CPU seconds of this process, since wall time on a shared machine says nothing. Run both with
// MALLOC_TRIM_THRESHOLD_=1000000000: else glibc gives some megabytes back to the kernel after each round and the
// kernel's page faults are half of what is measured. Does not check the pieces: RecursiveSplitterTests does that.

import ChunkStage
import FoundationEssentials
import Glibc

/// Splits a text file again and again and reports megabytes a CPU-second.
enum ChunkBench {
  /// Splits the UTF-8 file at `file` by the default settings for at least one CPU-second.
  ///
  /// Returns one JSON object: `tool`, `bytes` of the file, `chunks` it gives, `rounds`, `megabytes_per_second` (10⁶ bytes a
  /// CPU-second, best round, making every chunk's own string included).
  ///
  /// - Throws: What reading the file throws.
  static func run(file: String) throws -> String {
    let bytes = try Data(contentsOf: URL(filePath: file))
    let text = String(decoding: bytes, as: UTF8.self)
    let splitter = RecursiveSplitter()
    var chunkCount = splitter.pieces(of: text).count
    var best = Double.infinity
    var total = 0.0
    var rounds = 0
    while total < 1 || rounds < 5 {
      let start = cpuSeconds()
      chunkCount = splitter.pieces(of: text).count
      let taken = cpuSeconds() - start
      best = min(best, taken)
      total += taken
      rounds += 1
    }
    let speed = best > 0 ? Double(bytes.count) / best / 1e6 : 0
    let rounded = Double(Int(speed * 10)) / 10
    return """
      {"tool":"bobbin","bytes":\(bytes.count),"chunks":\(chunkCount),"rounds":\(rounds),\
      "megabytes_per_second":\(rounded)}
      """
  }

  /// CPU time of this process so far, in seconds.
  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
