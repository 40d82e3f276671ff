// What became of each address of a run, with what to do about it: for an owner who asks why a page is not known.

import Corpus
import FoundationEssentials
package import Storage

/// A run's report.
package struct CrawlReport: Sendable {
  /// One address.
  package struct Line: Encodable, Sendable {
    package let url: String
    /// `read`, `unchanged`, `left_out`, `not_read`, `waiting` or `queued`.
    package let outcome: String
    /// Against the runs before: `new`, `changed` or `lost`; nil where nothing is.
    let change: Nullable<String>
    let status: Nullable<Int>
    let redirect, reason, message, remedy, title: Nullable<String>
    let depth: Nullable<Int>
    let tries, chunks: Int
    package let source_id, document_id: String

    package var changeText: String? { change.value }
    package var reasonText: String? { reason.value }
    package var redirectText: String? { redirect.value }
    package var remedyText: String? { remedy.value }
    package var messageText: String? { message.value }
    package var statusNumber: Int? { status.value }
  }

  package let lines: [Line]
  /// Addresses by outcome.
  package let totals: [String: Int]
  /// Addresses that are new, changed or lost.
  package let changes: [String: Int]
  /// Addresses that were met and not followed, by reason.
  package let notFollowed: [String: Int]

  /// - Parameter run: its addresses and counts, from the database.
  package static func of(_ run: RunRow, in database: AppDatabase) async throws -> CrawlReport {
    CrawlReport(
      try await database.addresses(of: run.id), notFollowed: try await database.counts(of: run.id))
  }

  /// Each address of a source as it was last read, in whichever run; what was met and not followed only runs know.
  static func of(_ source: SourceID, in database: AppDatabase) async throws -> CrawlReport {
    CrawlReport(try await database.addresses(ofSource: source), notFollowed: [:])
  }

  private init(_ addresses: [AddressOutcome], notFollowed: [String: Int]) {
    let lines = addresses.map(Self.line)
    self.init(
      lines: lines,
      totals: Dictionary(lines.map { ($0.outcome, 1) }, uniquingKeysWith: +),
      changes: Dictionary(
        lines.compactMap { line in line.change.value.map { ($0, 1) } }, uniquingKeysWith: +),
      notFollowed: notFollowed)
  }

  private init(
    lines: [Line], totals: [String: Int], changes: [String: Int], notFollowed: [String: Int]
  ) {
    self.lines = lines
    self.totals = totals
    self.changes = changes
    self.notFollowed = notFollowed
  }

  private static func line(_ address: AddressOutcome) -> Line {
    let outcome =
      switch address.state {
      case "live": "read"
      case "ended" where address.reason == "unchanged": "unchanged"
      case "ended" where LeftOut.reasons.contains(address.reason ?? ""): "left_out"
      case "ended": "not_read"
      case "waiting", "held": "waiting"
      default: "queued"
      }
    let change: String? =
      switch outcome {
      case "read": address.wasRead ? "changed" : "new"
      // One that another page stands for is known by it.
      case "left_out" where address.reason == "near_duplicate": nil
      case "not_read", "left_out": address.wasRead ? "lost" : nil
      default: nil
      }
    let remedy = outcome == "read" ? nil : address.reason.flatMap(ReadingAdvice.remedy)
    return Line(
      url: address.uri, outcome: outcome, change: Nullable(change),
      status: Nullable(address.httpStatus),
      redirect: Nullable(address.leadsTo), reason: Nullable(address.reason),
      message: Nullable(address.message), remedy: Nullable(remedy), title: Nullable(address.title),
      depth: Nullable(address.depth), tries: address.tries, chunks: address.chunks,
      source_id: address.source, document_id: address.document)
  }

  /// Comma-separated values with a line of names.
  package var csv: String {
    lines.reduce(
      into: CSVLine.text([
        "url", "outcome", "change", "status", "redirect", "reason", "message", "remedy", "depth",
        "tries",
        "chunks", "title",
      ])
    ) { text, line in
      text += CSVLine.text([
        line.url, line.outcome, line.change.value ?? "", line.status.value.map(String.init) ?? "",
        line.redirect.value ?? "", line.reason.value ?? "", line.message.value ?? "",
        line.remedy.value ?? "", line.depth.value.map(String.init) ?? "", "\(line.tries)",
        "\(line.chunks)", line.title.value ?? "",
      ])
    }
  }
}
