import Testing

@testable import Spool

@Suite struct ItemNameTests {
  @Test func `a name survives being written and read`() {
    let name = ItemName(
      due: 1_767_225_600_000, lane: "k7q2m9x4c1", id: "9f86d081884c7d659a2feaa0c55ad015", tries: 2,
      reason: "http_503")
    #expect(
      name.fileName
        == "1767225600000.k7q2m9x4c1.9f86d081884c7d659a2feaa0c55ad015.02.http_503.jsonl.zst")
    #expect(ItemName(name.fileName) == name)
    #expect(ItemName(name.fileName + ",host-1-00-7") == name)
  }

  @Test(arguments: [
    "", "x", ".jsonl.zst", "1.a.9f86d081884c7d659a2feaa0c55ad015.00.jsonl.zst",
    "1767225600000.A.9f86d081884c7d659a2feaa0c55ad015.00.jsonl.zst",
    "1767225600000.a.9f86d081884c7d659a2feaa0c55ad01.00.jsonl.zst",
    "1767225600000.a.9f86d081884c7d659a2feaa0c55ad015.0.jsonl.zst",
    "1767225600000.a.9f86d081884c7d659a2feaa0c55ad015.00..jsonl.zst",
    "1767225600000.a.9f86d081884c7d659a2feaa0c55ad015.00.Bad.jsonl.zst",
    "1767225600000.a.9f86d081884c7d659a2feaa0c55ad015.00.a.b.jsonl.zst",
    "../767225600000.a.9f86d081884c7d659a2feaa0c55ad015.00.jsonl.zst",
  ])
  func `a stray name is refused`(text: String) {
    #expect(ItemName(text) == nil)
  }
}
