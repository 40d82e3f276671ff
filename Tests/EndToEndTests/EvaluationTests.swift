import Foundation
import TestSupport
import Testing
import WebClient

/// Golden questions through the built executables: `bobbin eval`, and the gate before a generation goes live.
@Suite(.serialized) struct EvaluationTests {
  struct Report: Decodable {
    struct Figures: Decodable {
      let questions, leaks: Int
      var recall_at_5, right, no_answer_recall: Double?
    }
    struct Group: Decodable { let kind: String }
    let generation: Int
    let totals: Figures
    let by_kind: [Group]
  }

  /// Every `step`th line of the bundled questions, as a file.
  private func questions(_ bobbin: Installation, every step: Int) throws -> String {
    var lines: [String] = []
    for name in ["answerable", "unanswerable", "followups"] {
      let file = Checkout.fixtures.appendingPathComponent("questions/\(name).jsonl")
      let all = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(
        String.init)
      lines += stride(from: 0, to: all.count, by: step).map { all[$0] }
      lines += all.filter { $0.contains(#""private""#) }
    }
    return try bobbin.folder.write(lines.joined(separator: "\n"), "questions.jsonl")
  }

  @Test func `the handbook is measured, printed and put on a page`() async throws {
    let bobbin = try Installation()
    let folder = Checkout.fixtures.appendingPathComponent("handbook").path
    let files =
      ["employee-handbook.pdf", "rental-terms.docx", "service-manual.md", "faq.txt"]
      + [
        "about-fernwheel.md", "warranty.html", "opening-hours-and-shops.html",
        "workshop-safety.pdf",
      ]
    #expect(try await bobbin.ingest("handbook", files.map { "\(folder)/\($0)" }).exitCode == 0)
    let secret = Checkout.fixtures.appendingPathComponent("handbook-private").path
    #expect(try await bobbin.ingest("handbook", [secret], ["--learn-only"]).exitCode == 0)
    let questions = try questions(bobbin, every: 8)
    let page = "\(bobbin.folder.path)/report.html"
    let asked = ["eval", "handbook", "--questions", questions]
    let result = try await bobbin.tool("bobbin").run(
      asked + ["--json", "--page", page, "--min-recall-at-5", "0.7"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    #expect(report.generation == 2 && report.totals.leaks == 0 && report.totals.questions > 80)
    #expect(report.by_kind.map(\.kind).contains("private"))
    #expect((report.totals.no_answer_recall ?? 0) > 0.7)
    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(html.contains("<h2>Failed: ") && !html.contains("<script"))
    // The generation before had no learn-only source; a minimum that is not reached is an exit code.
    let strict = try await bobbin.tool("bobbin").run(
      asked + ["--generation", "1", "--min-recall-at-1", "1"])
    #expect(strict.exitCode == 1 && strict.errors.contains("recall@1"))
    #expect(strict.output.contains("handbook, generation 1") && strict.output.contains("R@5"))
    let none = try await bobbin.tool("bobbin").run(["eval", "handbook"])
    #expect(none.exitCode == 69 && none.errors.contains("handbook has no question"))
    let bad = try bobbin.folder.write("{\"question\":\"A?\",\"expectd\":\"b\"}\n", "bad.jsonl")
    let broken = try await bobbin.tool("bobbin").run(["eval", "handbook", "--questions", bad])
    #expect(broken.exitCode == 64 && broken.errors.contains("line 1: expectd"))
  }

  /// A chatbot of one file, its owner, its questions and its gate.
  private func gated(
    _ bobbin: Installation, _ file: String
  ) async throws -> (RemovalTests.Owner, base: String) {
    #expect(try await bobbin.ingest("orrin", [file]).exitCode == 0)
    let owner = try await RemovalTests.Owner(
      try ServerTests.Server(bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"]))
    let given = try await bobbin.tool("bobbin").run(["admin", "give", "orrin", "ada@example.com"])
    #expect(given.exitCode == 0, "\(given.errors)")
    struct List: Decodable {
      struct Item: Decodable { let id: String }
      let items: [Item]
    }
    let list = try JSONDecoder().decode(
      List.self, from: Data(try await owner.send("GET", "/api/chatbots/").body))
    let base = "/api/chatbots/\(try #require(list.items.first).id)/"
    let questions = #"""
      {"items":[{"question":"How high is the tower of Orrin?","expected":"31 metres"},
      {"question":"How deep is the well of Orrin?","expected":"12 metres"},
      {"question":"Which vaccinations does Kenya ask for?","no_answer":true}]}
      """#
    #expect(try await owner.send("PUT", base + "questions/", questions).status == 200)
    let gate = #"{"quality_gate":{"recall_at_5":0.9,"no_answer":1}}"#
    #expect(try await owner.send("PATCH", base, gate).status == 200)
    return (owner, base)
  }

  private static let good =
    "The tower of Orrin is 31 metres high.\n\nThe well of Orrin is 12 metres deep.\n"

  @Test func `a worse generation is held at the gate, a better one goes live`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write(Self.good, "orrin.txt")
    let (owner, base) = try await gated(bobbin, file)
    let own = try await bobbin.tool("bobbin").run(["eval", "orrin", "--min-recall-at-5", "1"])
    #expect(own.exitCode == 0, "\(own.errors)")

    _ = try bobbin.folder.write("The tower of Orrin is 31 metres high.\n", "orrin.txt")
    let worse = try await bobbin.ingest("orrin", [file])
    #expect(worse.exitCode == 65, "\(worse.errors)")
    #expect(try await bobbin.ask("orrin", "How deep is the well of Orrin?").exitCode == 0)
    let status = try await bobbin.tool("bobbin").run(["status", "orrin"])
    #expect(
      status.output.contains("recall@5 0.500 is below 0.900. Generation 2 is built and waits"),
      "\(status.output)")
    let held = ServerTests.text(try await owner.send("GET", base + "runs/?limit=1"))
    #expect(held.contains(#""state":"held""#) && held.contains(#""passed":false"#), "\(held)")
    #expect(held.contains(#""recall_at_5":0.5"#) && held.contains(#""questions":3"#))
    // The held generation can be looked at before anything is decided.
    let looked = try await bobbin.tool("bobbin").run(["eval", "orrin", "--generation", "2"])
    #expect(
      looked.exitCode == 0 && looked.output.contains("wrong") || looked.output.contains("missed"))

    _ = try bobbin.folder.write(
      Self.good + "\nThe bridge of Orrin has nine arches.\n", "orrin.txt")
    let better = try await bobbin.ingest("orrin", [file])
    #expect(better.exitCode == 0 && better.report.generation == 3, "\(better.errors)")
    #expect(try await bobbin.ask("orrin", "How many arches has the bridge?").exitCode == 0)
    let passed = ServerTests.text(try await owner.send("GET", base + "runs/?limit=1"))
    #expect(passed.contains(#""state":"done""#) && passed.contains(#""passed":true"#), "\(passed)")
  }

  @Test func `what the gate holds goes live at its owner's word`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The tower of Orrin is 31 metres high.\n", "orrin.txt")
    let (owner, base) = try await gated(bobbin, file)
    _ = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"bridge.txt","text":"The bridge of Orrin has nine arches."}"#)
    let run = try await owner.id("POST", base + "train/", "{}")
    // Here the server beside it may judge first; one verdict counts.
    let pipeline = try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"])
    #expect(pipeline.exitCode == 0, "\(pipeline.errors)")
    let held = ServerTests.text(try await owner.send("GET", base + "runs/\(run)/"))
    #expect(held.contains(#""state":"held""#), "\(held)")
    #expect(try await bobbin.ask("orrin", "How many arches has the bridge?").exitCode == 69)
    #expect(try await owner.send("POST", base + "runs/\(run)/publish/").status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    #expect(try await bobbin.ask("orrin", "How many arches has the bridge?").exitCode == 0)
    let done = ServerTests.text(try await owner.send("GET", base + "runs/\(run)/"))
    #expect(done.contains(#""state":"done""#) && done.contains(#""passed":false"#), "\(done)")
  }

  @Test func `what the gate holds is over once a later training goes live`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("The tower of Orrin is 31 metres high.\n", "orrin.txt")
    let (owner, base) = try await gated(bobbin, file)
    func add(_ text: String) async throws {
      _ = try await owner.id(
        "POST", base + "sources/",
        #"{"source_type":"file","name":"n.txt","text":"\#(text)"}"#)
    }
    try await add("The bridge of Orrin has nine arches.")
    let first = try await owner.id("POST", base + "train/", "{}")
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let held = ServerTests.text(try await owner.send("GET", base + "runs/\(first)/"))
    #expect(held.contains(#""state":"held""#), "\(held)")
    // The owner gives the demand up, adds something and trains all of it.
    #expect(try await owner.send("PATCH", base, #"{"quality_gate":null}"#).status == 200)
    try await add("The gate of Orrin is made of oak.")
    let second = try await owner.id("POST", base + "train/", #"{"scope":"all"}"#)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    let done = ServerTests.text(try await owner.send("GET", base + "runs/\(second)/"))
    #expect(done.contains(#""state":"done""#), "\(done)")
    let over = ServerTests.text(try await owner.send("GET", base + "runs/\(first)/"))
    #expect(over.contains(#""state":"cancelled""#), "\(over)")
    #expect(try await owner.send("POST", base + "runs/\(first)/publish/").status == 409)
    for question in ["How many arches has the bridge?", "What is the gate of Orrin made of?"] {
      #expect(try await bobbin.ask("orrin", question).exitCode == 0, "\(question)")
    }
    let documents = ServerTests.text(try await owner.send("GET", base + "documents/"))
    #expect(documents.components(separatedBy: #""state":"live""#).count == 4, "\(documents)")
  }
}
