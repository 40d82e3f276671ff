// bobbin admin list and show: what the operator's pages show, from a terminal. What people have said is noted in the audit log
// before it is shown.

import App
import ArgumentParser
import Spool
import StageCommand

extension OperatorView.Kind: ExpressibleByArgument {}

struct AdminList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists chatbots, sources, runs, conversations or deliveries, newest first.",
    discussion: """
      bobbin admin list sources tower
      Of conversations and deliveries the audit log keeps that they were listed.
      """)

  @Argument(help: "What to list.")
  var kind: OperatorView.Kind

  @Argument(help: "Part of a name, an address or a text, or a chatbot's id.")
  var search = ""

  @Option(help: "At most so many.")
  var limit = 100

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...10_000).contains(limit) else {
      throw ValidationError("--limit takes 1 to 10000")
    }
  }

  func run() async throws {
    let code = await Failure.code("bobbin admin list") {
      let lines = try await AdminAccess(common).view.list(kind, search: search, limit: limit)
      if common.json {
        for line in lines { print(String(decoding: line.json, as: UTF8.self)) }
      } else if lines.isEmpty {
        print("none")
      } else {
        let rows = lines.map { $0.columns.map(Self.shown) }
        // The last column is free text and needs no width.
        let widths = (0..<(rows.map(\.count).max() ?? 1) - 1).map { column in
          rows.compactMap { $0.dropFirst(column).first?.count }.max() ?? 0
        }
        for row in rows {
          let cells = zip(row, widths).map { text, width in
            text + String(repeating: " ", count: width - text.count)
          }
          print((cells + row.suffix(1)).joined(separator: "  "))
        }
      }
      return 0
    }
    throw ExitCode(code)
  }

  /// Strangers' text on one line, with nothing in it that a terminal obeys.
  private static func shown(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(200) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: shown.append(" ")
      default: shown.append(scalar)
      }
    }
    return String(shown)
  }
}

struct AdminShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows a chatbot, source, run, conversation or delivery as JSON.",
    discussion: "bobbin admin show chatbots 01jb5c2h7m4x9qk3t8v6w0r2ye | jq .owner")

  @Argument(help: "What it is.")
  var kind: OperatorView.Kind

  @Argument(help: "Its id.")
  var id: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin admin show") {
      guard
        let found = try await AdminAccess(common).view.one(kind, id, now: WallClock.now())
      else {
        throw StageFault(
          "no \(kind.rawValue) with the id \(id); see bobbin admin list \(kind.rawValue)",
          exitCode: 66)
      }
      print(String(decoding: found, as: UTF8.self))
      return 0
    }
    throw ExitCode(code)
  }
}
