import Foundation

@testable import Spool

/// A spool in a folder of its own, removed at the end of the test.
final class TemporarySpool: Sendable {
  let path: String

  init() throws {
    path = "\(NSTemporaryDirectory())/bobbin-spool-\(Worker.randomDigits())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func directory(_ stage: String) -> SpoolDirectory { SpoolDirectory(spool: path, stage: stage) }

  /// Publishes an item of text records into a stage.
  @discardableResult
  func publish(
    _ records: [String], to stage: String, schema: String = "test/1", lane: String = "lane1",
    due: Int = 1_700_000_000_000
  ) throws -> ItemName {
    let envelope = Envelope(
      schema: schema, lane: lane, run: "run1", scope: "owner", born: due, madeBy: "test/1",
      from: [], recordCount: records.count)
    let content = try ItemContent.encode(
      envelope, records: records.map { try JSONLines.encode(["text": $0]) })
    let directory = directory(stage)
    try directory.prepare()
    return try directory.publish(content, lane: lane, due: due)
  }

  /// Texts of the records of all items in a state.
  func texts(_ stage: String, _ state: SpoolState) throws -> [String] {
    let directory = directory(stage)
    return try directory.items(state).flatMap { name in
      let frame = try DurableFile.read(
        directory.file(state, name.fileName), limit: JSONLines.itemLimit)
      return try ItemContent(frame: frame, name: name).records.map {
        try JSONLines.decode([String: String].self, from: $0)["text"] ?? ""
      }
    }.sorted()
  }

  func receipts() throws -> [Receipt] { try Ledger(spool: path).waiting().map(\.receipt) }
}

/// A stage that doubles its records, or ends them as they say: "retry", "gone", "fault", "boom".
struct DoublingStage: Stage {
  struct Record: Codable, Sendable { let text: String }

  static let name = "double"
  static let version = 1
  static let inputSchemas = ["test/1"]
  static let next: NextStage? = NextStage(stage: "after", schema: "test/2")

  func document(of input: Record) -> String { input.text }

  func process(_ records: [Record], of envelope: Envelope) async throws -> [Outcome<Record>] {
    try records.map { record in
      switch record.text {
      case "retry": return .retry(reason: "later", message: "Not now.")
      case "gone": return .gone(reason: "no_text", message: "Nothing there.")
      case "fault": throw StageFault("the disk is on fire", exitCode: 75)
      case "huge":
        return .done([Record(text: String(repeating: "h", count: JSONLines.itemLimit))], [])
      case "boom": throw SpoolError.damaged(item: "x", what: "boom")
      default:
        return .done([Record(text: record.text + record.text)], [.init(document: record.text)])
      }
    }
  }
}
