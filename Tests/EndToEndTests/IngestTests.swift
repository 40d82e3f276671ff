import Foundation
import Spool
import TestSupport
import Testing

/// The main job through the built executables.
@Suite(.serialized) struct IngestTests {
  static let handbook = ["pdf", "docx", "html", "md", "txt"].flatMap { kind in
    let folder = Checkout.fixtures.appendingPathComponent("handbook").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .filter { $0.hasSuffix("." + kind) }.map { folder + "/" + $0 }
  }

  struct DemoQuestion: Decodable {
    let question: String
    let answerable: Bool
    var page: Int?
    var expected: String?
  }

  @Test func `the handbook answers its questions with citations`() async throws {
    let bobbin = try Installation()
    let first = try await bobbin.ingest("handbook", Self.handbook)
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(first.report.documents.count == Self.handbook.count)
    #expect(Set(first.report.documents.map(\.state)) == ["live"])
    #expect(first.report.generation == 1)
    #expect(first.report.tokensEmbedded > 0)

    let file = Checkout.fixtures.appendingPathComponent("handbook/demo-questions.json")
    let questions = try JSONDecoder().decode([DemoQuestion].self, from: Data(contentsOf: file))
    #expect(questions.count == 3)
    for question in questions {
      let (exitCode, answer) = try await bobbin.ask("handbook", question.question)
      #expect(exitCode == (question.answerable ? 0 : 69), "\(question.question): \(answer)")
      #expect(answer.answered == question.answerable)
      #expect(answer.sources.isEmpty != question.answerable)
      if let expected = question.expected { #expect(answer.message.contains(expected)) }
      if let page = question.page { #expect(answer.sources.contains { $0.place.page == page }) }
    }

    // The same text again: nothing is embedded, and the answers stay.
    let second = try await bobbin.ingest("handbook", Self.handbook)
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(second.report.tokensEmbedded == 0)
    #expect(try await bobbin.ask("handbook", questions[0].question).exitCode == 0)
  }

  @Test func `bad input ends with its reason and everything else goes on`() async throws {
    let bobbin = try Installation()
    let extract = Checkout.fixtures.appendingPathComponent("extract").path
    let good = try bobbin.folder.write(
      "The lighthouse of Skerry Point was lit for the first time on 4 March 1871.", "good.txt")
    let empty = try bobbin.folder.write("", "empty.txt")
    let wrong = try bobbin.folder.write("MZ\u{0}\u{1}\u{2}\u{3} not a document", "program.exe")
    let large = bobbin.folder.path + "/large.txt"
    _ = FileManager.default.createFile(atPath: large, contents: Data(count: (25 << 20) + 1))
    let result = try await bobbin.ingest(
      "mixed",
      [
        good, empty, wrong, large, bobbin.folder.path + "/missing.pdf",
        extract + "/encrypted.pdf", extract + "/scanned.pdf", extract + "/truncated.pdf",
        extract + "/slip.docx", "http://127.0.0.1/page", "http://169.254.169.254/latest/",
        "http://no-such-host.invalid/", "ftp://example.com/file",
      ], ["--wait", "0"])
    let outcomes = result.report.outcomes
    #expect(outcomes["good.txt"] == "live", "\(result.errors)")
    #expect(outcomes["empty.txt"] == "empty")
    #expect(outcomes["program.exe"] == "unsupported")
    #expect(outcomes["large.txt"] == "too_large")
    #expect(outcomes["missing.pdf"] == "unreadable")
    #expect(outcomes["encrypted.pdf"] == "encrypted")
    #expect(outcomes["scanned.pdf"] == "no_text")
    #expect(outcomes["truncated.pdf"] == "malformed")
    #expect(outcomes["slip.docx"] == "malformed")
    // Blocked and unknown read the same, so that nobody can map our network.
    #expect(outcomes["http://127.0.0.1/page"] == outcomes["http://no-such-host.invalid/"])
    #expect(outcomes["http://169.254.169.254/latest/"] == outcomes["http://127.0.0.1/page"])
    for document in result.report.documents where document.state == "ended" {
      #expect(document.message?.isEmpty == false, "\(document.uri)")
    }
    #expect(
      try await bobbin.ask("mixed", "When was the lighthouse of Skerry Point lit?").exitCode == 0)
  }

  @Test func `learn only text is never quoted and never cited`() async throws {
    let bobbin = try Installation()
    let secret = try bobbin.folder.write(
      "The discount floor for the Heron account is 41.7 percent, code word Zanzibar.", "secret.txt")
    let open = try bobbin.folder.write(
      "Our shop sells tea, coffee and biscuits. It opens at nine.", "open.txt")
    #expect(try await bobbin.ingest("shop", [secret], ["--learn-only"]).exitCode == 0)
    #expect(try await bobbin.ingest("shop", [open]).exitCode == 0)
    let (exitCode, answer) = try await bobbin.ask(
      "shop", "What is the discount floor for the Heron account?")
    #expect(exitCode == 69)
    #expect(!"\(answer)".contains("41.7") && !"\(answer)".contains("Zanzibar"))
    #expect(try await bobbin.ask("shop", "When does the shop open?").exitCode == 0)
    // The flag is the row's: the same file ingested as citable is quoted on the next question.
    #expect(try await bobbin.ingest("shop", [secret]).exitCode == 0)
    let cited = try await bobbin.ask("shop", "What is the discount floor for the Heron account?")
    #expect(cited.answer.message.contains("41.7"))
  }

  @Test func `a missing model stops with its remedy and condemns nothing`() async throws {
    let bobbin = try Installation(model: false)
    let file = try bobbin.folder.write("Some text about herons.", "a.txt")
    let result = try await bobbin.ingest("birds", [file])
    #expect(result.exitCode == 78)
    #expect(result.errors.contains("make model"))
    // With the model in place the waiting items go on, without being named again.
    try FileManager.default.createSymbolicLink(
      atPath: bobbin.data + "/models",
      withDestinationPath: Checkout.modelData.appendingPathComponent("models").path)
    let other = try bobbin.folder.write("Some text about owls.", "b.txt")
    #expect(try await bobbin.ingest("birds", [other]).exitCode == 0)
    #expect(try await bobbin.ask("birds", "What is the text about herons?").exitCode == 0)
  }

  @Test func `a changed document replaces its old text`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write(
      "The ferry to Orrin leaves at seven in the morning.", "f.txt")
    #expect(try await bobbin.ingest("ferry", [file]).exitCode == 0)
    try bobbin.folder.write("The ferry to Orrin leaves at half past nine in the morning.", "f.txt")
    let second = try await bobbin.ingest("ferry", [file])
    #expect(second.report.generation == 2)
    let (_, answer) = try await bobbin.ask("ferry", "When does the ferry to Orrin leave?")
    #expect(answer.message.contains("half past nine"))
    #expect(!answer.message.contains("seven"))
  }

  @Test func `web pages are cited at their place and a busy site is waited for`() async throws {
    let bobbin = try Installation()
    let site = try LoopbackServer { request, connection in
      switch request.path {
      case "/ferry":
        let text = "The ferry from Orrin to Skerry takes forty minutes and carries bicycles."
        let page =
          "<html><head><title>Ferry</title></head><body><main><h1>Ferry</h1><p>\(text)</p></main></body></html>"
        connection.respond(200, ["Content-Type: text/html"], body: Array(page.utf8))
      case "/moved": connection.respond(302, ["Location: /ferry"])
      case "/gone": connection.respond(404)
      default: connection.respond(503)
      }
    }
    let allowed = ["BOBBIN_ALLOWED_HOSTS": site.hostAndPort]
    let result = try await bobbin.ingest(
      "ferry", [site.url("/moved"), site.url("/gone"), site.url("/busy")], ["--wait", "0"],
      environment: allowed)
    #expect(result.exitCode == 75, "\(result.errors)")
    #expect(result.report.outcomes[site.url("/moved")] == "live")
    #expect(result.report.outcomes[site.url("/gone")] == "http_404")
    #expect(result.report.outcomes[site.url("/busy")] == "http_503")
    let waiting = result.report.documents.first { $0.uri == site.url("/busy") }
    #expect(waiting?.state == "waiting")
    let (_, answer) = try await bobbin.ask("ferry", "How long does the ferry to Skerry take?")
    #expect(answer.message.contains("forty minutes"))
    let link = try #require(answer.sources.first?.url)
    #expect(link.hasPrefix(site.url("/ferry") + "#:~:text="))
    // The same address without the operator's exception is refused and never asked.
    let before = site.requests.count
    let refused = try await bobbin.ingest("other", [site.url("/ferry")], ["--wait", "0"])
    #expect(refused.exitCode == 65)
    #expect(site.requests.count == before)
  }

  @Test func `a disk that is nearly full takes nothing in and says what to do`() async throws {
    let bobbin = try Installation()
    let file = try bobbin.folder.write("Some text about herons.", "a.txt")
    // A reserve that no disk has free.
    let full = ["BOBBIN_DISK_RESERVE_MIB": "1000000000"]
    let refused = try await bobbin.ingest("birds", [file], environment: full)
    #expect(refused.exitCode == 75)
    #expect(refused.errors.contains("free some space"))
    #expect(try await bobbin.ingest("birds", [file]).exitCode == 0)
  }

  @Test func `a damaged item is set aside and the rest of the run goes on`() async throws {
    let bobbin = try Installation(model: false)
    let good = try bobbin.folder.write("Some text about herons.", "a.txt")
    // Without the model the run stops with its items in the spool.
    #expect(try await bobbin.ingest("birds", [good]).exitCode == 78)
    let fetch = SpoolDirectory(spool: bobbin.spool, stage: "fetch")
    let stray = ItemName(
      due: 1_700_000_000_000, lane: "lane1", id: String(repeating: "a", count: 32))
    try Data("this is no zstd frame".utf8).write(
      to: URL(fileURLWithPath: fetch.file(.incoming, stray.fileName)))
    try FileManager.default.createSymbolicLink(
      atPath: bobbin.data + "/models",
      withDestinationPath: Checkout.modelData.appendingPathComponent("models").path)
    let other = try bobbin.folder.write("Some text about owls.", "b.txt")
    #expect(try await bobbin.ingest("birds", [other]).exitCode == 0)
    #expect(try fetch.items(.failed).map(\.reason) == ["damaged"])
    // Nor does a document wait for ever for an item that was damaged on its way.
    let status = try await bobbin.tool("bobbin").run(["status"])
    #expect(
      status.output
        == "birds: ready, generation 2, documents: 2 live\nspool: \n  fetch: 1 failed\n")
    #expect(try await bobbin.ask("birds", "What is the text about herons?").exitCode == 0)
  }

  @Test func `usage errors say so and make no chatbot`() async throws {
    let bobbin = try Installation()
    #expect(try await bobbin.tool("bobbin").run(["ingest", "x"]).exitCode == 64)
    #expect(
      try await bobbin.tool("bobbin").run(["ingest", "Bad Name", "/etc/hostname"]).exitCode != 0)
    let ask = try await bobbin.tool("bobbin").run(["ask", "nobody", "Hello there?"])
    #expect(ask.exitCode == 64)
    #expect(ask.errors.contains("no chatbot"))
  }
}
