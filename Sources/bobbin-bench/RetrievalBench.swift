// Time from a question to its passages, on one thread: the question through the model, then both searches, the ranking and the
// reading of what is shown, by the calls the server makes.
//
// Reads chunks, questions and vectors written by Tests/bench/retrieval_turns.py, which asks for one size after another so that
// the peer takes turns with us. The vectors of the rows are the script's, those of the questions are made here. One source in
// ten is learn-only. Measures nothing else, asserts nothing.

import Answering
import Corpus
import Embedding
import FoundationEssentials
import Glibc
import Spool
import VectorShard

/// The retrieval part of the bench of answers.
enum RetrievalBench {
  /// What the command line gives.
  struct Options {
    /// JSON Lines, one string a line: the chunks' texts, `documentLength` after one another of one document.
    let chunks: String
    /// Raw little-endian f32 unit vectors, a row a chunk.
    let vectors: String
    /// JSON Lines, one string a line.
    let questions: String
    let model: String
    /// Where the shards are written for a moment.
    let directory: String
    let sizes: [Int]
  }

  /// Times of one pass over the questions, a number a question, in milliseconds.
  private struct Pass: Encodable {
    var embed: [Double] = []
    var search: [Double] = []
    /// Both, by the clock and in CPU time of this process.
    var both: [Double] = []
    var cpu: [Double] = []
    /// Passages a question, mean.
    var passages = 0.0
    /// Rows that hold a word of the question, each counted once for each word, over all rows; mean.
    var wordRows = 0.0
  }

  /// A shard and the classes of its sources.
  private struct Case {
    let rows: Int
    let shard: ShardSet
    let visibilities: [SourceID: Visibility]
  }

  private static let documentLength = 20
  /// Sources of a chatbot at most; larger shards have several documents of one source.
  private static let mostSources = 2_000

  /// Builds the shards, says `ready`, and answers each number on standard input with a pass over the shard of so many rows.
  static func run(_ options: Options) async throws {
    let questions = try strings(options.questions)
    let embedder = try MiniLM.load(directory: options.model, threads: 1)
    let cases = try build(options)
    print("ready")
    fflush(nil)
    while let line = readLine(), let rows = Int(line) {
      guard let one = cases.first(where: { $0.rows == rows }) else { continue }
      let pass = try await pass(over: questions, one, embedder)
      print(String(decoding: try JSONLines.encode(pass), as: UTF8.self))
      fflush(nil)
    }
  }

  private static func pass(
    over questions: [String], _ one: Case, _ embedder: Embedder
  ) async throws -> Pass {
    let retriever = Retriever()
    var pass = Pass()
    for question in questions {
      let used = BenchClock.cpu()
      let start = BenchClock.wall()
      guard let vector = try await embedder.embed([question]).first else { continue }
      let embedded = BenchClock.wall()
      let words = try ShardWords.citable(in: one.shard, visibilities: one.visibilities)
      let passages = try retriever.passages(
        for: question, vector: vector, identity: embedder.model.identity, in: words,
        visibilities: one.visibilities)
      let end = BenchClock.wall()
      pass.cpu.append((BenchClock.cpu() - used) * 1e3)
      pass.embed.append((embedded - start) * 1e3)
      pass.search.append((end - embedded) * 1e3)
      pass.both.append((end - start) * 1e3)
      pass.passages += Double(passages.count) / Double(questions.count)
      let postings = try words.question(ContentWords.text(of: question), language: nil).weights
        .reduce(0) { $0 + $1.rowCount }
      pass.wordRows += Double(postings) / Double(one.rows) / Double(questions.count)
    }
    return pass
  }

  // MARK: Shards

  private static func build(_ options: Options) throws -> [Case] {
    let dimension = MiniLM.model.dimension
    let chunks = try JSONLines.lines(of: Array(try Data(contentsOf: URL(filePath: options.chunks))))
    let vectors = try MappedFile(path: options.vectors)
    return try options.sizes.filter { $0 <= chunks.count }.map { rows in
      try build(rows: rows, chunks, in: options.directory) { row in
        vectors.withBytes { bytes in
          (row * dimension..<(row + 1) * dimension).map {
            Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
          }
        }
      }
    }
  }

  private static func build(
    rows: Int, _ chunks: [ArraySlice<UInt8>], in folder: String, vector: (Int) -> [Float]
  ) throws -> Case {
    let directory = "\(folder)/retrieval-\(rows)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let identity = MiniLM.model.identity
    var writer = try SegmentWriter(identity: identity, dimension: MiniLM.model.dimension)
    var visibilities: [SourceID: Visibility] = [:]
    for first in stride(from: 0, to: rows, by: documentLength) {
      let number = first / documentLength
      let source = SourceID(unchecked: "source\(number % mostSources)")
      visibilities[source] = number % mostSources % 10 == 9 ? .learnOnly : .citable
      let description = DocumentDescription(
        document: DocumentID(unchecked: "document\(number)"), source: source,
        uri: "document-\(number).txt", title: "Document \(number)", language: "en",
        mediaType: "text/plain", rawDigest: "sha256:00", textDigest: "00")
      let document = try writer.addDocument(
        ShardDocument(
          id: description.document.text, group: source.text,
          payload: try JSONLines.encode(description)))
      var offset = 0
      for row in first..<min(first + documentLength, rows) {
        let text = try JSONLines.decode(String.self, from: chunks[row])
        let chunk = Chunk(
          id: ChunkID(unchecked: "chunk\(row)"), description: description, ordinal: row - first,
          count: min(documentLength, rows - first), offset: offset, place: Place(),
          tokens: text.utf8.count / 4, text: text)
        offset += text.unicodeScalars.count + 2
        try writer.addRow(
          document: document, words: text, language: "en", vector: .unit(vector(row)),
          payload: try JSONLines.encode(chunk))
      }
    }
    let summary = try writer.write(into: directory)
    let reader = try SegmentReader(digest: summary.digest, in: directory)
    let manifest = try ShardManifest(
      identity: identity, dimension: MiniLM.model.dimension, generation: 1, run: "bench",
      segments: [(reader, [])])
    let shard = try ShardSet(manifest, in: directory)
    // Mapped by now. Best effort: the folder is the caller's and goes with it.
    try? FileManager.default.removeItem(atPath: directory)
    return Case(rows: rows, shard: shard, visibilities: visibilities)
  }

  private static func strings(_ file: String) throws -> [String] {
    try JSONLines.lines(of: Array(try Data(contentsOf: URL(filePath: file))))
      .map { try JSONLines.decode(String.self, from: $0) }
  }
}

/// Seconds by the two clocks of the benches of answers.
enum BenchClock {
  static func wall() -> Double { seconds(CLOCK_MONOTONIC) }

  /// Of this process, all threads.
  static func cpu() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
