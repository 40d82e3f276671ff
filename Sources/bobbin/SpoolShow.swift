// bobbin spool show: everything that can be known of one item. Reads its file, its receipts that are still in the ledger,
// its documents' rows and its blobs; changes nothing, not even a damaged item's state.

import App
import ArgumentParser
import Corpus
import FoundationEssentials
import Glibc
import Spool
import Storage

struct SpoolShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one item: its reason, records, blobs and documents.",
    discussion: """
      bobbin spool show 9f86d081
      Strings of records are cut to 200 characters and records to the first ten; --full shows all.
      With --json one line.
      """)

  @Argument(help: "Six or more digits of the item's id, its file's name, or its path.")
  var item: String

  @Flag(help: "Whole strings, all records.")
  var full = false

  @OptionGroup var filters: ItemFilters
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await reporting("spool show") {
      let place = try await SpoolPlace(common, stage: filters.stage)
      var selector = try filters.selector(
        states: SpoolState.allCases.filter { $0 != .tmp }, chatbots: place.chatbots)
      try selector.name(item)
      let now = WallClock.now()
      let found = try selector.item(in: place.spool, stages: place.stages, now: now)
      let report = try await ItemReport(found, in: place, now: now, full: full)
      print(common.json ? try report.json.line : try report.text)
      return 0
    }
  }
}

/// What is known of one item.
struct ItemReport {
  private static let stringLimit = 200
  private static let recordLimit = 10

  private let item: SpoolItem
  private let place: SpoolPlace
  private let now: Int
  private let full: Bool
  private let content: ItemContent?
  /// Why the content cannot be shown.
  private let damage: String?
  private let receipts: [Receipt]
  private let documents: [String]
  private let rows: [DocumentProvenance]
  private let blobs: [NamedBlob]

  init(_ item: SpoolItem, in place: SpoolPlace, now: Int, full: Bool) async throws {
    (self.item, self.place, self.now, self.full) = (item, place, now, full)
    (content, damage) = try Self.read(item)
    receipts = try Self.receipts(of: item, in: place)
    documents = content.map { ItemDocuments.ids(of: $0) } ?? []
    rows = try await place.database?.provenance(of: documents) ?? []
    blobs = content.map { NamedBlob.all(of: $0, data: place.data) } ?? []
  }

  private static func read(_ item: SpoolItem) throws -> (ItemContent?, String?) {
    do throws(SpoolError) {
      let frame = try DurableFile.read(item.file.path, limit: JSONLines.itemLimit)
      return (try ItemContent(frame: frame, name: item.name), nil)
    } catch .system(_, _, ENOENT) {
      throw SelectorError.none(item.name.id)
    } catch  where error.isMachineFault {
      throw error
    } catch {
      return (nil, "\(error)")
    }
  }

  /// Receipts are of the item's lane, so only that lane's are opened.
  private static func receipts(of item: SpoolItem, in place: SpoolPlace) throws -> [Receipt] {
    var found: [Receipt] = []
    let ledger = SpoolDirectory(spool: place.spool, stage: Ledger.stage)
    for state in [SpoolState.incoming, .hold] {
      for entry in try SpoolListing(ledger, state).items where entry.name.lane == item.name.lane {
        // Drained or damaged meanwhile: no news of this item.
        guard let content = try read(entry).0, content.envelope.schema == Receipt.schema else {
          continue
        }
        found += content.records.compactMap { try? JSONLines.decode(Receipt.self, from: $0) }
          .filter { $0.item == item.name.id && $0.stage == item.stage }
      }
    }
    return found.sorted { ($0.tries, $0.startedAt) < ($1.tries, $1.startedAt) }
  }

  private var advice: String? {
    item.name.reason.map { ReasonAdvice.text($0, stage: item.stage) }
  }

  private var rawCommand: String { "zstdcat \(Spelling.shell(item.file.path)) | jq ." }

  /// The step of the item's own stage, on standard output and nothing else.
  private var stepCommand: String? {
    guard item.stage != Ledger.stage, content?.envelope.schema.hasPrefix("bobbin.order") == false
    else { return nil }
    let stage = "zstdcat \(Spelling.shell(item.file.path)) | bobbin-\(item.stage)"
    let data = place.data == "var" ? "" : " --data \(Spelling.shell(place.data))"
    return item.stage == "index" ? stage + data : "\(stage)\(data) | jq -c ."
  }

  private func value(_ record: ArraySlice<UInt8>) throws -> JSONValue {
    let value = try JSONLines.decode(JSONValue.self, from: record)
    return full ? value : value.cut(to: Self.stringLimit)
  }

  private var shownRecords: [ArraySlice<UInt8>] {
    let records = content?.records ?? []
    return full ? records : Array(records.prefix(Self.recordLimit))
  }

  // MARK: Text

  var text: String {
    get throws {
      var lines = [
        "\(item.name.id)  \(item.stage)/\(item.state.rawValue)",
        entry(
          "file",
          "\(item.file.path), \(Spelling.bytes(item.file.byteCount)), there for "
            + Spelling.age(item.file.age(at: now))),
        entry(
          "name",
          "due \(Spelling.instant(item.name.due)) (\(Spelling.due(item.name.due, now: now))), lane "
            + item.name.lane
            + (place.chatbots.slug(of: item.name.lane).map { " (\($0))" } ?? "")
            + ", tries \(item.name.tries)"),
      ]
      if item.owner != nil { lines.append(entry("claim", item.claimText)) }
      if let reason = item.name.reason, let advice {
        lines.append(entry("reason", "\(reason): \(advice)."))
      }
      lines.append(entry("checked", damage ?? "checksum, id, envelope and line count hold"))
      if let envelope = content?.envelope {
        lines.append(
          entry(
            "envelope",
            "\(envelope.schema), run \(envelope.run), scope \(envelope.scope), born "
              + "\(Spelling.instant(envelope.born)), made by \(envelope.madeBy), from "
              + (envelope.from.isEmpty
                ? "nothing: a run's first" : envelope.from.joined(separator: " "))))
      }
      for receipt in receipts { lines.append(entry("receipt", text(of: receipt))) }
      lines += documentLines
      for blob in blobs { lines.append(entry("blob", text(of: blob))) }
      if let content {
        lines.append(entry("records", "\(content.records.count)"))
        for record in shownRecords { lines.append(try pretty(value(record))) }
        if content.records.count > shownRecords.count {
          lines.append("  and \(content.records.count - shownRecords.count) more: --full")
        }
      }
      lines.append(entry("raw", rawCommand))
      if let stepCommand { lines.append(entry("again", stepCommand)) }
      return lines.joined(separator: "\n")
    }
  }

  private func entry(_ label: String, _ text: String) -> String {
    "  \(label)\(String(repeating: " ", count: max(1, 10 - label.count)))\(text)"
  }

  private func text(of receipt: Receipt) -> String {
    "\(receipt.outcome.rawValue), tries \(receipt.tries)"
      + (receipt.reason.map { ", reason \($0)" } ?? "")
      + (receipt.message.map { ": \($0)" } ?? "") + " (\(receipt.worker); not drained yet)"
  }

  private var documentLines: [String] {
    let known = Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let shown = full ? documents[...] : documents.prefix(Self.recordLimit)
    var lines = shown.map { id in
      guard let row = known[id] else {
        return entry("document", "\(id), " + (place.database == nil ? "no database" : "no row"))
      }
      return entry(
        "document",
        "\(id) “\(row.title ?? row.uri)”, \(row.state)" + (row.reason.map { ": \($0)" } ?? "")
          + (row.message.map { " (\($0))" } ?? ""))
    }
    if documents.count > shown.count {
      lines.append("  and \(documents.count - shown.count) more documents: --full")
    }
    return lines
  }

  private func text(of blob: NamedBlob) -> String {
    guard let path = blob.path else { return "\(blob.reference.blob): no blob's name" }
    guard let length = blob.byteCount else { return "\(path): missing" }
    return length == blob.reference.bytes
      ? "\(path), \(length) bytes, stands"
      : "\(path), \(length) bytes, \(blob.reference.bytes) expected"
  }

  private func pretty(_ value: JSONValue) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
      .split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
  }

  // MARK: JSON

  var json: JSONValue {
    get throws {
      var fields = item.fields(now: now, place.chatbots)
      fields += [
        ("advice", advice.map { .string($0) }),
        ("whole", .bool(damage == nil)), ("damage", damage.map { .string($0) }),
        ("envelope", try content.map { try JSONValue.of($0.envelope) }),
        ("receipts", .array(try receipts.map { try JSONValue.of($0) })),
        ("documents", .array(documents.map { .string($0) })),
        ("rows", .array(try rows.map { try JSONValue.of($0) })),
        (
          "blobs",
          .array(
            blobs.map { blob in
              .object([
                ("blob", .string(blob.reference.blob)), ("path", blob.path.map { .string($0) }),
                ("stands", .bool(blob.stands)),
              ])
            })
        ),
        ("records", .array(try shownRecords.map(value))),
        ("recordCount", content.map { .integer($0.records.count) }),
        ("raw", .string(rawCommand)), ("again", stepCommand.map { .string($0) }),
      ]
      return .object(fields)
    }
  }
}
