// bobbin trace: from a citation back to the bytes that were fetched, link by link, each checked.

import App
import ArgumentParser
import Corpus
import Spool
import StageCommand
import Storage

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Follows a citation back to the fetched bytes.",
    discussion: """
      bobbin trace q7k2m9x4.12
      A reference is the first eight characters of a document's id and, after a dot, the number of
      the chunk, as `bobbin ask` prints it; a whole document's id will do too.
      Exit codes: 0 the whole chain stands, 64 usage, 65 a link is missing or does not match, 69 no
      such reference, 74 I/O.
      """)

  @Argument(help: "DOCUMENT.CHUNK, or a document's id.")
  var reference: String

  @Option(help: "Look into this chatbot only, by its name.")
  var chatbot: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await reporting("trace") {
      guard let parsed = TraceReference(reference) else {
        throw StageFault(
          "“\(reference.prefix(80))” is no reference: give six or more characters of a document's "
            + "id, a dot, and the chunk's number", exitCode: 64)
      }
      let settings = try App.Configuration()
      let data = common.data ?? settings.data
      let database = SpoolPlace.openDatabase(data)
      let names = ChatbotNames(try await database?.chatbots() ?? [])
      let lane = try chatbot.map { ChatbotID(unchecked: try names.lane(of: $0)) }
      let trace = try await Tracer(data: data, database: database).trace(parsed, chatbot: lane)
      print(try common.json ? json(trace, names).line : text(trace, names))
      return trace.isWhole ? 0 : 65
    }
  }

  private func text(_ trace: Trace, _ names: ChatbotNames) -> String {
    var lines = [
      "\(trace.reference)  chatbot \(names.slug(of: trace.chatbot) ?? trace.chatbot): "
        + (trace.isWhole ? "the whole chain stands" : "the chain is broken")
    ]
    for link in trace.links {
      lines.append("\n\(link.broken == nil ? "✓" : "✗") \(link.name)")
      for fact in link.facts {
        lines.append(
          "    \(fact.name)\(String(repeating: " ", count: max(1, 14 - fact.name.count)))"
            + text(fact.value, of: fact.name))
      }
      if let broken = link.broken { lines.append("    BROKEN: \(broken)") }
    }
    return lines.joined(separator: "\n")
  }

  /// Facts that are milliseconds since 1970 UTC.
  private static let instants: Set = ["started", "finished", "fetched", "asked for"]

  private func text(_ value: JSONValue, of name: String) -> String {
    switch value {
    case .string(let text): text.replacing("\n", with: "\n" + String(repeating: " ", count: 18))
    case .integer(let number):
      Self.instants.contains(name) ? Spelling.instant(number) : "\(number)"
    case .null, .bool, .number, .array, .object: (try? value.line) ?? ""
    }
  }

  private func json(_ trace: Trace, _ names: ChatbotNames) -> JSONValue {
    var fields: [(String, JSONValue?)] = [
      ("reference", .string(trace.reference.description)), ("lane", .string(trace.chatbot)),
      ("chatbot", names.slug(of: trace.chatbot).map { .string($0) }),
      ("whole", .bool(trace.isWhole)),
    ]
    for link in trace.links {
      var object = link.facts.map { ($0.name.replacing(" ", with: "_"), Optional($0.value)) }
      object += [
        ("stands", .bool(link.broken == nil)), ("broken", link.broken.map { .string($0) }),
      ]
      fields.append((link.name, .object(object)))
    }
    return .object(fields)
  }
}
