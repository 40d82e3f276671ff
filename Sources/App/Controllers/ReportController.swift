// What became of each web address, of a run or of a source as it was last read: as JSON for the page, as CSV for a spreadsheet.

import Corpus
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// `/api/chatbots/{chatbot_id}/runs/{run_id}/report/` and `…/sources/{source_id}/report/`.
struct ReportController: Sendable {
  let database: AppDatabase

  private static let base = "/api/chatbots/{chatbot_id}/"

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let line = Schema.object([
      required("url", .text),
      required(
        "outcome",
        .choice(["read", "unchanged", "left_out", "not_read", "waiting", "queued"])),
      // Against the runs before.
      required("change", .nullable(.choice(["new", "changed", "lost"]))),
      required("status", .nullable(.count)), required("redirect", .nullable(.text)),
      required("reason", .nullable(.text)), required("message", .nullable(.text)),
      required("remedy", .nullable(.text)), required("title", .nullable(.text)),
      required("depth", .nullable(.count)), required("tries", .count), required("chunks", .count),
      required("source_id", .id), required("document_id", .id),
    ])
    let outcome = Schema.object([
      required("totals", .map(.count)), required("changes", .map(.count)),
      required("items", .array(line, 0...200_000)),
    ])
    routes.add(
      Route(
        .get, Self.base + "sources/{source_id}/report/",
        "What became of each web address of a source when it was last read, and what to do about it.",
        query: [optional("format", .choice(["json", "csv"]))],
        answers: [
          AnswerShape(
            status: 200, description: "The report.",
            content: ["application/json": outcome, "text/csv": Optional<Schema>.none])
        ]),
      for: access.owner, { call, owner in try await sourceReport(call, owner) })
    let report = Schema.object([
      required("run", .component("Run")), required("totals", .map(.count)),
      required("changes", .map(.count)),
      // Addresses that were met and not followed, by reason.
      required("not_followed", .map(.count)), required("items", .array(line, 0...200_000)),
    ])
    routes.add(
      Route(
        .get, Self.base + "runs/{run_id}/report/",
        "What became of each web address of a run, and what to do about it.",
        query: [optional("format", .choice(["json", "csv"]))],
        answers: [
          AnswerShape(
            status: 200, description: "The report.",
            content: ["application/json": report, "text/csv": Optional<Schema>.none])
        ]),
      for: access.owner, { call, owner in try await self.report(call, owner) })
  }

  private func report(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Shown: Encodable {
      let run: RunShape
      let totals, changes, not_followed: [String: Int]
      let items: [CrawlReport.Line]
    }
    let (_, row) = try await database.run(call, owner)
    let report = try await CrawlReport.of(row, in: database)
    guard call.query("format") == "csv" else {
      return Answer.json(
        Shown(
          run: try await database.shape(row), totals: report.totals,
          changes: report.changes, not_followed: report.notFollowed, items: report.lines))
    }
    return Self.csv(report, name: row.id.text)
  }

  private func sourceReport(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Shown: Encodable {
      let totals, changes: [String: Int]
      let items: [CrawlReport.Line]
    }
    let chatbot = try await database.owned(call, owner)
    guard let source = try await database.source(try call.id("source_id"), of: chatbot.id) else {
      throw AppError.notFound
    }
    let report = try await CrawlReport.of(source.id, in: database)
    guard call.query("format") == "csv" else {
      return Answer.json(
        Shown(totals: report.totals, changes: report.changes, items: report.lines))
    }
    return Self.csv(report, name: source.id.text)
  }

  private static func csv(_ report: CrawlReport, name: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"report-\(name).csv\"",
      ], body: ResponseBody(byteBuffer: .init(string: report.csv)))
  }
}
