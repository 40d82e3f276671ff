// bobbin ask: one question in a terminal, with the same answerer as the server.

import Answering
import App
import ArgumentParser
import FoundationEssentials
import Spool
import Storage

struct AskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask", abstract: "Asks a chatbot a question.",
    discussion: """
      Answers as a visitor's question is answered: in the chatbot's privacy mode, with its approved lines, and by quoting once
      its token cap is reached. Model tokens are counted, messages are not.

      Exit code 69 when the documents hold no answer. A citation ends with its reference; `bobbin trace` walks from it
      back to the fetched bytes.
      """)

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Argument(help: "The question.")
  var question: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin ask") {
      let services = try Services(common.configuration())
      guard let row = try await services.database.chatbot(chatbot) else {
        throw StorageError.noChatbot(chatbot)
      }
      let answer = try await TerminalQuestion(services).answer(question, to: row)
      print(common.json ? try json(answer) : text(answer))
      return answer.answered ? 0 : 69
    }
    ProcessEnd.now(code)
  }

  private func text(_ answer: Answer) -> String {
    var lines = [answer.message]
    if !answer.sources.isEmpty { lines.append("") }
    for source in answer.sources {
      var line = "  [\(source.n)] \(source.title)"
      if let page = source.place.page { line += ", page \(page)" }
      if let heading = source.place.heading { line += " — \(heading)" }
      if let second = source.place.second { line += ", at \(second / 60):\(second % 60)" }
      line += "  (\(source.reference))"
      if let url = source.url { line += "\n      \(url)" }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  private func json(_ answer: Answer) throws -> String {
    struct Output: Encodable {
      let message: String
      let answered: Bool
      let sources: [Citation]
      /// Of each source, in order: what `bobbin trace` takes.
      let references: [String]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let output = Output(
      message: answer.message, answered: answer.answered, sources: answer.sources,
      references: answer.sources.map(\.reference))
    return String(decoding: try encoder.encode(output), as: UTF8.self)
  }
}
