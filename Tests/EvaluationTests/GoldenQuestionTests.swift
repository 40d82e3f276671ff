import Evaluation
import Foundation
import TestSupport
import Testing

@Suite struct GoldenQuestionTests {
  private func error(_ text: String) -> String {
    do {
      _ = try GoldenQuestion.parse(text, named: "q.jsonl")
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `each member is read`() throws {
    let questions = try GoldenQuestion.parse(
      "\u{FEFF}# mine\r\n\r\n"
        + #"{"question":"And after that?","history":["How long?"],"sources":["terms.pdf"],"expected":"one month"}"#
        + "\r\n" + #"{"question":"Who is the king?","no_answer":true}"# + "\n"
        + #"  {"question":"What is our margin?","private":true}"#, named: "q.jsonl")
    #expect(
      questions == [
        GoldenQuestion(
          question: "And after that?", history: ["How long?"], sources: ["terms.pdf"],
          expected: "one month"),
        GoldenQuestion(question: "Who is the king?", hasNoAnswer: true),
        GoldenQuestion(question: "What is our margin?", isPrivate: true),
      ])
    #expect(questions.map(\.group) == ["follow-up", "no answer", "private"])
    #expect(questions.last?.hasNoAnswer == true)
  }

  @Test func `what is written reads as the same`() throws {
    let question = GoldenQuestion(
      question: "A?", history: ["B?"], sources: ["c"], expected: "d", kind: "mine")
    let line = String(decoding: try JSONEncoder().encode(question), as: UTF8.self)
    #expect(try GoldenQuestion.parse(line, named: "") == [question])
  }

  @Test(arguments: [
    (#"{"question":"A?","expectd":"b"}"#, "line 2: expectd is no member of a question"),
    (#"{"question":"A?"}"#, "line 2: it says neither where the answer stands"),
    (
      #"{"question":"A?","expected":"b","no_answer":true}"#,
      "line 2: it has an answer and no_answer at the same time"
    ),
    (#"{"expected":"b"}"#, "line 2: it has no question"),
    (#"{"question":1,"expected":"b"}"#, "line 2: question is of the wrong type"),
    (#"{"question":"A?","#, "line 2: it is no JSON"), ("[]", "line 2: it is no JSON object"),
    (#"{"question":" ","expected":"b"}"#, "line 2: a text in it is empty"),
  ])
  func `a line that is no question is named by its number`(line: String, says: String) {
    #expect(error("\n" + line + "\n").contains("q.jsonl, " + says), "\(error("\n" + line))")
  }

  @Test func `a file without a question says what one looks like`() {
    #expect(error("\n# nothing\n").contains("q.jsonl has no question; one line is"))
  }

  @Test func `the bundled questions are used as they are`() throws {
    var groups: [String: Int] = [:]
    for name in ["answerable", "unanswerable", "followups"] {
      let file = Checkout.fixtures.appendingPathComponent("questions/\(name).jsonl")
      let questions = try GoldenQuestion.parse(
        try String(contentsOf: file, encoding: .utf8), named: name)
      for question in questions { groups[question.group, default: 0] += 1 }
      let isUnanswerable = name == "unanswerable"
      #expect(questions.contains { $0.hasNoAnswer == isUnanswerable })
      if name != "followups" {
        #expect(questions.allSatisfy { $0.hasNoAnswer == isUnanswerable })
      }
    }
    let unanswerable = ["near", "far", "private", "none"].reduce(0) { $0 + groups[$1, default: 0] }
    let followUps = ["carry", "switch", "none"].reduce(0) { $0 + groups[$1, default: 0] }
    #expect(groups["answerable", default: 0] >= 200 && unanswerable >= 40 && followUps >= 30)
  }
}
