// The limits on containers (SECURITY.md U4), against archives built byte by byte here.

import Testing

@testable import Extraction

@Suite struct ContainerReaderTests {
  private func parts(_ bytes: [UInt8], limits: ExtractionLimits = .init()) throws -> [String:
    [UInt8]]
  {
    try ContainerReader.parts(bytes, names: ["a", "b"], limits: limits)
  }

  @Test func `asked-for parts are read, others are not`() throws {
    let zip = StoredZip([.init("a", "one"), .init("other", "two"), .init("b", "three")]).bytes
    let found = try parts(zip)
    #expect(found.mapValues { String(decoding: $0, as: UTF8.self) } == ["a": "one", "b": "three"])
  }

  @Test(arguments: ["../a", "x/../../a", "/a", "x\\..\\a", "C:/a"])
  func `a path that leaves the container is refused`(_ name: String) {
    #expect(throws: ExtractionError.self) { try parts(StoredZip([.init(name, "x")]).bytes) }
  }

  @Test func `two parts of one name are refused`() {
    let zip = StoredZip([.init("a", "one"), .init("a", "two")]).bytes
    #expect(throws: ExtractionError.malformed(what: "two parts of the archive have one name")) {
      try parts(zip)
    }
  }

  @Test func `a link is refused`() {
    #expect(throws: ExtractionError.self) {
      try parts(StoredZip([.init("a", "/etc/passwd", mode: 0o120777)]).bytes)
    }
  }

  @Test func `an encrypted part is encrypted`() {
    #expect(throws: ExtractionError.encrypted) {
      try parts(StoredZip([.init("a", "0123456789ABCDEF", flags: 1)]).bytes)
    }
  }

  @Test func `too many parts are too large`() {
    var limits = ExtractionLimits()
    limits.maxEntries = 20
    let entries = (0...20).map { StoredZip.Entry("part\($0)", "x") }
    #expect(throws: ExtractionError.tooLarge(what: "more than 20 parts")) {
      try parts(StoredZip(entries).bytes, limits: limits)
    }
  }

  @Test func `a declared size beyond the limit is too large, even of a part nobody asked for`() {
    #expect(throws: ExtractionError.self) {
      try parts(StoredZip([.init("other", "x", declared: 300 << 20)]).bytes)
    }
  }

  @Test func `a part that unpacks too far is too large`() {
    var limits = ExtractionLimits()
    limits.freeInflatedBytes = 100
    limits.maxInflationRatio = 1
    limits.maxInflatedBytes = 1_000
    let long = String(repeating: "x", count: 2_000)
    #expect(throws: ExtractionError.self) {
      try parts(StoredZip([.init("a", long)]).bytes, limits: limits)
    }
  }

  @Test func `every cut of an archive is refused or gives whole parts`() throws {
    let zip = StoredZip([.init("a", "one"), .init("b", "three")]).bytes
    for count in 0..<zip.count {
      let found = try? parts(Array(zip[..<count]))
      for (name, bytes) in found ?? [:] {
        #expect(String(decoding: bytes, as: UTF8.self) == (name == "a" ? "one" : "three"))
      }
    }
  }
}
