// How items and ages look: aligned tables for people, JSON Lines for programs.

import App
import FoundationEssentials
import Spool

/// Text in columns.
struct SpoolTable {
  private var rows: [[String]] = []
  private let rightAligned: Set<Int>

  init(_ head: [String], rightAligned: Set<Int> = []) {
    rows = [head]
    self.rightAligned = rightAligned
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  var isEmpty: Bool { rows.count == 1 }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        if column > 0 { line += "  " }
        line += rightAligned.contains(column) ? padding + cell : cell + padding
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// Spellings of numbers for people.
enum Spelling {
  /// `12s`, `3m`, `2h`, `4d`.
  static func age(_ milliseconds: Int) -> String {
    let seconds = milliseconds / 1_000
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return "\(seconds / 60)m"
    case ..<172_800: return "\(seconds / 3_600)h"
    default: return "\(seconds / 86_400)d"
    }
  }

  /// `now` or `in 4m`; waits are rounded up, so that nothing is due that is not.
  static func due(_ due: Int, now: Int) -> String {
    if due <= now { return "now" }
    let seconds = (due - now + 999) / 1_000
    let rounded = seconds < 60 ? seconds : (seconds + 59) / 60 * 60
    return "in \(age(rounded * 1_000))"
  }

  /// `1 item`, `2 items`.
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  static func bytes(_ count: Int) -> String {
    count < 10_000 ? "\(count) B" : count < 10_000_000 ? "\(count >> 10) KiB" : "\(count >> 20) MiB"
  }

  /// `2026-11-25T20:00:00Z`.
  static func instant(_ milliseconds: Int) -> String {
    Date(timeIntervalSince1970: Double(milliseconds / 1_000)).ISO8601Format()
  }

  /// A path as a shell takes it.
  static func shell(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy { byte in
      (97...122).contains(byte) || (65...90).contains(byte) || (44...57).contains(byte)
        || byte == 95
    }
    return isPlain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
  }
}

extension JSONValue {
  /// One line, keys sorted.
  var line: String {
    get throws { String(decoding: try JSONLines.encode(self), as: UTF8.self) }
  }

  /// An object of what is known.
  static func object(_ fields: [(String, JSONValue?)]) -> JSONValue {
    .object(
      Dictionary(
        fields.compactMap { name, value in value.map { (name, $0) } },
        uniquingKeysWith: { first, _ in first }))
  }

  /// Any value of ours as JSON.
  static func of(_ value: some Encodable) throws -> JSONValue {
    try JSONLines.decode(JSONValue.self, from: try JSONLines.encode(value))
  }
}

extension SpoolFile {
  /// The fields of a file that is no item.
  func json(as kind: String, now: Int) -> JSONValue {
    .object([
      (kind, .bool(true)), ("stage", .string(stage)), ("state", state.map { .string($0.rawValue) }),
      ("name", .string(fileName)), ("path", .string(path)), ("age_ms", .integer(age(at: now))),
      ("bytes", .integer(byteCount)),
    ])
  }
}

extension SpoolItem {
  /// The fields of the name, and where the file is.
  func fields(now: Int, _ chatbots: ChatbotNames) -> [(String, JSONValue?)] {
    var fields: [(String, JSONValue?)] = [
      ("due", .integer(name.due)), ("lane", .string(name.lane)), ("id", .string(name.id)),
      ("tries", .integer(name.tries)), ("reason", name.reason.map { .string($0) }),
      ("stage", .string(stage)), ("state", .string(state.rawValue)),
      ("age_ms", .integer(file.age(at: now))), ("bytes", .integer(file.byteCount)),
      ("path", .string(file.path)), ("chatbot", chatbots.slug(of: name.lane).map { .string($0) }),
    ]
    if let owner {
      fields += [
        ("worker", .string(owner.worker)), ("pid", .integer(owner.pid)),
        ("claim", .string(ClaimOwner.life(of: file.path).rawValue)),
      ]
    }
    return fields
  }

  /// What stands in a list for its claim.
  var claimText: String {
    owner.map { "pid \($0.pid) \(ClaimOwner.life(of: file.path).rawValue)" } ?? ""
  }
}
