import Foundation
import Spool
import TestSupport
import Testing

@testable import StageCommand

@Suite struct PipelineFileTests {
  @Test func `names and values are read, comments and spaces are not`() throws {
    let file = try PipelineFile(
      text: "# head\n\nSTAGES = fetch  index # two\nFETCH_WORKERS=3\n", path: "x")
    #expect(file.stages == ["fetch", "index"])
    #expect(try file.settings(for: "fetch", watch: true).workers == 3)
    #expect(try file.settings(for: "index", watch: true).workers == 1)
  }

  @Test(arguments: ["fetch = 1", "NAME", "NAME 1", "= 1", "export A = 1"])
  func `a line that is no setting is refused with its place`(line: String) {
    let error = #expect(throws: StageFault.self) {
      try PipelineFile(text: "A = 1\n\(line)\n", path: "p.mk")
    }
    #expect(error?.description.hasPrefix("p.mk:2: ") == true)
    #expect(error?.exitCode == 78)
  }

  @Test(arguments: ["0", "-1", "many", ""])
  func `a number that is none is refused by name`(value: String) throws {
    let file = try PipelineFile(text: "FETCH_WORKERS = \(value)\n", path: "p.mk")
    let error = #expect(throws: StageFault.self) { try file.settings(for: "fetch", watch: false) }
    #expect(error?.description.contains("FETCH_WORKERS") == true)
  }

  @Test func `the file of this repository is readable and complete`() throws {
    let path = Checkout.root.appendingPathComponent("pipelines/ingest.mk").path
    let file = try PipelineFile(path: path)
    #expect(file.stages == ["fetch", "extract", "chunk", "embed", "index"])
    for stage in file.stages {
      _ = try file.settings(for: stage, watch: false)
      #expect(file.values["\(stage.uppercased())_WORKERS"] != nil)
    }
    // Every name in it is one that the code reads.
    let known = Set(
      file.stages.flatMap { stage in
        ["WORKERS", "BATCH_RECORDS", "BATCH_BYTES"].map { "\(stage.uppercased())_\($0)" }
      } + [
        "STAGES", "RETRY_TRIES", "RETRY_HARMFUL_TRIES", "RETRY_FIRST_DELAY_MS",
        "RETRY_LONGEST_DELAY_MS", "QUEUE_BOUND", "LEDGER_BOUND", "GROUP_ITEMS", "ITEM_LIMIT_S",
        "INDEX_SHRINK_PERCENT", "FETCH_HOST_DELAY_MS", "FETCH_SLICE_PAGES", "FETCH_SLICE_S",
        "FETCH_REQUEST_S", "FETCH_PAGE_TRIES", "FETCH_LASTMOD_DAYS",
      ])
    #expect(Set(file.values.keys).subtracting(known).isEmpty)
  }
}
