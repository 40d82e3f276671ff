// Time of the shard's searches on one thread, at several sizes, through the same calls the server makes.
//
// Reads raw f32 vectors written by Tests/bench/search_faiss.py, which drives the interactive mode so that faiss and the
// shard take turns within one run. Rows' words are drawn from a fixed Zipf law. Measures nothing else, asserts nothing.

import Glibc
import VectorShard

/// The search part of `make bench`.
enum SearchBench {
  /// What the command line gives.
  private struct Options {
    var vectors = ""
    var queries = ""
    var directory = ""
    var dimension = 384
    var sizes = [2_000, 20_000, 200_000]
    var isInteractive = false
  }

  /// One size of shard and what is asked of it.
  private struct Case {
    let rows: Int
    let set: ShardSet
    let buildSeconds: Double
  }

  private static let identity = "bench"
  private static let resultCount = 10

  /// Runs `--vectors FILE --queries FILE --directory DIR [--dimension 384] [--sizes 2000,20000] [--interactive]`.
  ///
  /// Returns JSON. Interactive: for each line `ROWS` on standard input, one line of JSON with the times of every query and
  /// the rows found.
  static func run(arguments: [String]) throws -> String {
    let options = try parse(arguments)
    let vectors = try floats(options.vectors)
    let queries = try floats(options.queries)
    let questions = queries.count / options.dimension
    var cases: [Case] = []
    for size in options.sizes where size * options.dimension <= vectors.count {
      cases.append(try build(rows: size, vectors, options))
    }
    func query(_ number: Int) -> [Float] {
      Array(queries[number * options.dimension..<(number + 1) * options.dimension])
    }
    if options.isInteractive {
      print("ready")
      fflush(nil)
      while let line = readLine(), let rows = Int(line) {
        guard let found = cases.first(where: { $0.rows == rows }) else { continue }
        var times: [Double] = []
        var ids: [[Int]] = []
        for number in 0..<questions {
          let vector = query(number)
          let start = microseconds()
          let hits = try found.set.nearest(to: vector, identity: identity, count: resultCount)
          times.append(microseconds() - start)
          ids.append(hits.map(\.row.row))
        }
        print("{\"micros\":\(times),\"rows\":\(ids)}")
        fflush(nil)
      }
      return "{}"
    }
    var results: [String] = []
    for one in cases {
      var nearest: [Double] = []
      var words: [Double] = []
      var generator = Lines(seed: 99)
      for _ in 0..<(one.rows > 50_000 ? 1 : 3) {
        for number in 0..<questions {
          let vector = query(number)
          var start = microseconds()
          _ = try one.set.nearest(to: vector, identity: identity, count: resultCount)
          nearest.append(microseconds() - start)
          let question = generator.next(wordCount: 8)
          start = microseconds()
          _ = try one.set.words.search(
            one.set.words.question(question, language: "en"), count: resultCount)
          words.append(microseconds() - start)
        }
      }
      results.append(
        "{\"rows\":\(one.rows),\"nearest_p50_us\":\(median(nearest)),"
          + "\"words_p50_us\":\(median(words)),"
          + "\"bytes_per_row\":\(one.set.byteCount / one.rows),"
          + "\"build_seconds\":\(one.buildSeconds)}")
    }
    return "{\"kernel\":\"\(ScanKernel.chosen.rawValue)\",\"search\":["
      + results.joined(separator: ",") + "]}"
  }

  private static func build(rows: Int, _ vectors: [Float], _ options: Options) throws -> Case {
    let directory = "\(options.directory)/search-\(rows)"
    mkdir(options.directory, 0o755)
    mkdir(directory, 0o755)
    var lines = Lines(seed: 1)
    let start = microseconds()
    var writer = try SegmentWriter(identity: identity, dimension: options.dimension)
    for row in 0..<rows {
      let document =
        row % 20 == 0
        ? try writer.addDocument(
          ShardDocument(id: "d\(row / 20)", group: "g\(row % 7)", payload: []))
        : writer.documentCount - 1
      let vector = Array(vectors[row * options.dimension..<(row + 1) * options.dimension])
      try writer.addRow(
        document: document, words: lines.next(wordCount: 120), language: "en",
        vector: .unit(vector), payload: [])
    }
    let summary = try writer.write(into: directory)
    let reader = try SegmentReader(digest: summary.digest, in: directory)
    let manifest = try ShardManifest(
      identity: identity, dimension: options.dimension, generation: 1, run: "bench",
      segments: [(reader, [])])
    let set = try ShardSet(manifest, in: directory)
    unlink("\(directory)/\(summary.digest).segment")
    rmdir(directory)
    return Case(rows: rows, set: set, buildSeconds: (microseconds() - start) / 1e6)
  }

  private static func parse(_ arguments: [String]) throws -> Options {
    var options = Options()
    var rest = arguments[...]
    while let name = rest.popFirst() {
      if name == "--interactive" {
        options.isInteractive = true
        continue
      }
      guard let value = rest.popFirst() else { throw ShardError.invalid("\(name) without a value") }
      switch name {
      case "--vectors": options.vectors = value
      case "--queries": options.queries = value
      case "--directory": options.directory = value
      case "--dimension": options.dimension = Int(value) ?? options.dimension
      case "--sizes": options.sizes = value.split(separator: ",").compactMap { Int($0) }
      default: throw ShardError.invalid("the argument \(name)")
      }
    }
    return options
  }

  /// The little-endian f32 numbers of a file.
  private static func floats(_ path: String) throws -> [Float] {
    let file = try MappedFile(path: path)
    return file.withBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
      }
    }
  }

  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
  }

  private static func microseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }

  /// Lines of made-up words whose frequencies follow Zipf's law over 30,000 words.
  private struct Lines {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next(wordCount: Int) -> String {
      var line = ""
      for _ in 0..<wordCount {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let uniform = Double(state >> 11) / Double(1 << 53)
        let rank = Int(exp(uniform * log(30_000)))
        line += "w\(String(rank, radix: 26)) "
      }
      return line
    }
  }
}
