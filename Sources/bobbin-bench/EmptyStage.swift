// A stage that does nothing: what is left of its time is the spool's own.
//
// The records are those of Tests/bench/spool_celery.py, field for field. It answers for each record as a real stage does,
// with the record as output and a document for the receipt.

import FoundationEssentials
import Spool
import Synchronization

/// A record of about 500 bytes.
struct BenchRecord: Codable, Sendable {
  let document: String
  let ordinal: Int
  let text: String
}

/// Passes its records on unchanged.
struct EmptyStage: Stage {
  static let name = "empty"
  static let version = 1
  static let inputSchemas = ["bench.empty/1"]
  static let next: NextStage? = NextStage(stage: "sink", schema: "bench.sink/1")

  /// Told the number of items begun so far, this one included.
  var begun: @Sendable (Int) -> Void = { _ in }
  private let count = Counter()

  init(begun: @escaping @Sendable (Int) -> Void = { _ in }) { self.begun = begun }

  func document(of input: BenchRecord) -> String { input.document }

  func process(
    _ records: [BenchRecord], of envelope: Envelope
  ) async throws -> [Outcome<BenchRecord>] {
    begun(count.next())
    return records.map { .done([$0], [.init(document: $0.document, chunks: 1)]) }
  }

  private final class Counter: Sendable {
    private let value = Atomic(0)

    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
  }
}

/// The items that the spool's benches queue.
struct BenchItems {
  /// The start of the made-up run; any past instant will do.
  static let born = 1_767_225_600_000
  private let texts: [String]

  /// - Parameter file: JSON Lines, one string a line.
  init(textsFile file: String) throws {
    texts = try JSONLines.lines(of: Array(try Data(contentsOf: URL(filePath: file))))
      .map { try JSONLines.decode(String.self, from: $0) }
    guard !texts.isEmpty else { throw SpoolError.damaged(item: file, what: "it holds no text") }
  }

  /// The uncompressed bytes of the item with that number; all records of an item are of one document.
  func content(_ number: Int, recordCount: Int, lane: String) throws -> [UInt8] {
    let records = try (0..<recordCount).map { ordinal in
      try JSONLines.encode(
        BenchRecord(
          document: "document-\(number)", ordinal: ordinal,
          text: texts[(number * recordCount + ordinal) % texts.count]))
    }
    return try ItemContent.encode(
      Envelope(
        schema: "bench.empty/1", lane: lane, run: "bench", scope: lane, born: Self.born,
        madeBy: "bench/1", from: [], recordCount: recordCount),
      records: records)
  }
}
