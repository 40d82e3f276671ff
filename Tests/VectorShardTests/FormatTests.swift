// FORMAT.md against ShardFormat and against the golden shard: the document, the constants and the bytes say the same.
//
// After a deliberate change of the format: BOBBIN_WRITE_GOLDEN=1 swift test --filter FormatTests writes the golden shard
// and prints the dump for FORMAT.md. A version that was released is never rewritten: it gets a folder of its own.

import Glibc
import Testing

@testable import VectorShard

struct FormatTests {
  /// That of the present version.
  static let directory = packageRoot() + "/fixtures/shards/v1.1"
  static let versions = ["v1", "v1.1"].map { packageRoot() + "/fixtures/shards/" + $0 }

  /// The golden shard: two documents, three rows, words of three scripts.
  private func golden() throws -> SegmentWriter {
    var writer = try SegmentWriter(identity: "golden", dimension: 4)
    var document = try writer.addDocument(
      ShardDocument(id: "beta", group: "manuals", payload: Array("Beta".utf8)))
    try writer.addRow(
      document: document, words: "Press the red button. The button glows.", language: "en",
      vector: .unit([1, 0, 0, 0]), payload: Array("row 0".utf8))
    try writer.addRow(
      document: document, words: "北京大学 Кнопки", language: nil,
      vector: .unit([0.6, 0, -0.8, 0]), payload: Array("row 1".utf8))
    document = try writer.addDocument(ShardDocument(id: "alpha", group: "notes", payload: []))
    try writer.addRow(
      document: document, words: "Appuyez sur les boutons dorés", language: "fr",
      vector: .unit([0.5, 0.5, 0.5, -0.5]), payload: Array("row 2".utf8))
    return writer
  }

  @Test func `the golden shard of version 1_1 is still written byte for byte`() throws {
    let bytes = try golden().bytes()
    if getenv("BOBBIN_WRITE_GOLDEN") != nil {
      let summary = try golden().write(into: Self.directory)
      let reader = try SegmentReader(digest: summary.digest, in: Self.directory)
      try ShardManifest.publish(
        ShardManifest(
          identity: "golden", dimension: 4, generation: 1, run: "golden", segments: [(reader, [])]),
        in: Self.directory)
      for start in stride(from: 0, to: bytes.count, by: 16) {
        let line = bytes[start..<min(start + 16, bytes.count)]
        if line.contains(where: { $0 != 0 }) {
          let offset = String(start, radix: 16)
          print(
            String(repeating: "0", count: 4 - offset.count) + offset,
            line.map { hex([$0]) }.joined(separator: " "))
        }
      }
    }
    #expect(try bytes == file(segmentFileName(bytes.withUnsafeBytes { sha256($0) })))
  }

  @Test(arguments: versions) func `the golden shard of each version 1 is read`(
    directory: String
  ) throws {
    let set = try openShard(directory)
    try set.segments[0].verify()
    #expect(set.manifest.rowCount == 3 && set.manifest.documentCount == 2)
    let hits = try set.nearest(to: [1, 0, 0, 0], identity: "golden", count: 3)
    #expect(hits.map(\.row.row) == [0, 1, 2])
    #expect(abs(hits[0].score - 1) < 1e-3 && abs(hits[1].score - 0.6) < 5e-3)
    #expect(try set.payload(of: hits[1].row) == Array("row 1".utf8))
    #expect(try set.document(of: hits[0].row).id == "beta")
    #expect(try set.entry(of: hits[2].row).group == "notes")
    for (question, row) in [("buttons", 0), ("大学", 1), ("кнопка", 1), ("bouton doré", 2)] {
      #expect(try set.words.search(question, language: nil, count: 1).map(\.row.row) == [row])
    }
    #expect(try set.rows(ofDocument: "alpha") == [.init(segment: 0, row: 2)])
    // Without French text the stemmer of French is not asked, where the file tells.
    let manuals = try ShardWords(set) { $0 == "manuals" }
    let isTold = directory == Self.directory
    #expect(manuals.terms(of: "dorés", language: nil) == (isTold ? ["dore"] : ["dore", "dor"]))
    #expect(try set.words.terms(of: "dorés", language: nil) == ["dore", "dor"])
  }

  @Test func `the tables of FORMAT.md are the constants of ShardFormat`() throws {
    typealias Header = ShardFormat.Header
    let expected: [String: [(Int, String)]] = [
      "Header": [
        (Header.magic, "magic"), (Header.majorVersion, "majorVersion"),
        (Header.minorVersion, "minorVersion"), (Header.sectionCount, "sectionCount"),
        (Header.fileLength, "fileLength"), (Header.dimension, "dimension"),
        (Header.rowStride, "rowStride"), (Header.rowCount, "rowCount"),
        (Header.documentCount, "documentCount"), (Header.groupCount, "groupCount"),
        (Header.termCount, "termCount"), (Header.wordCount, "wordCount"),
        (Header.stemmers, "stemmers"), (Header.checksum, "checksum"),
        (Header.byteCount, "byteCount"),
      ],
      "SectionEntry": [
        (ShardFormat.SectionEntry.number, "number"),
        (ShardFormat.SectionEntry.checksum, "checksum"),
        (ShardFormat.SectionEntry.offset, "offset"), (ShardFormat.SectionEntry.length, "length"),
        (ShardFormat.SectionEntry.byteCount, "byteCount"),
      ],
      "DocumentEntry": [
        (ShardFormat.DocumentEntry.nameOffset, "nameOffset"),
        (ShardFormat.DocumentEntry.nameLength, "nameLength"),
        (ShardFormat.DocumentEntry.group, "group"),
        (ShardFormat.DocumentEntry.firstRow, "firstRow"),
        (ShardFormat.DocumentEntry.rowCount, "rowCount"),
        (ShardFormat.DocumentEntry.byteCount, "byteCount"),
      ],
      "GroupEntry": [
        (ShardFormat.GroupEntry.nameOffset, "nameOffset"),
        (ShardFormat.GroupEntry.nameLength, "nameLength"),
        (ShardFormat.GroupEntry.byteCount, "byteCount"),
      ],
      "PayloadBlockEntry": [
        (ShardFormat.PayloadBlockEntry.rawStart, "rawStart"),
        (ShardFormat.PayloadBlockEntry.packedStart, "packedStart"),
        (ShardFormat.PayloadBlockEntry.byteCount, "byteCount"),
      ],
      "TermBlockEntry": [
        (ShardFormat.TermBlockEntry.termsStart, "termsStart"),
        (ShardFormat.TermBlockEntry.postingsStart, "postingsStart"),
        (ShardFormat.TermBlockEntry.byteCount, "byteCount"),
      ],
      "Section": ShardFormat.Section.allCases.map { (Int($0.rawValue), "\($0)") },
      "Limits": [
        (ShardFormat.alignment, "alignment"),
        (ShardFormat.maximumSectionCount, "maximumSectionCount"),
        (ShardFormat.maximumDimension, "maximumDimension"),
        (ShardFormat.maximumRowCount, "maximumRowCount"),
        (ShardFormat.maximumNameLength, "maximumNameLength"),
        (ShardFormat.maximumPayloadLength, "maximumPayloadLength"),
        (ShardFormat.payloadBlockLength, "payloadBlockLength"),
        (ShardFormat.termsPerBlock, "termsPerBlock"),
        (ShardFormat.maximumTermLength, "maximumTermLength"),
        (ShardFormat.majorVersion, "majorVersion"), (ShardFormat.minorVersion, "minorVersion"),
      ],
      "StemmingAlgorithm": StemmingAlgorithm.allCases.map { (Int($0.rawValue), "\($0)") },
    ]
    let tables = try documentTables()
    #expect(Set(tables.keys) == Set(expected.keys))
    for (name, rows) in expected {
      #expect(tables[name] == rows.map { "\($0.0) \($0.1)" }, "table \(name)")
    }
  }

  @Test func `the dump in FORMAT.md is the golden segment`() throws {
    let set = try openShard(Self.directory)
    let bytes = try file(segmentFileName(set.manifest.segments[0].digest))
    var compared = 0
    for line in try document().split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard line.hasPrefix("    "), let first = fields.first, first.utf8.count == 4,
        let offset = Int(first, radix: 16), offset % 16 == 0
      else { continue }
      let shown = fields.dropFirst().prefix { $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }
        .prefix(16).compactMap { UInt8($0, radix: 16) }
      #expect(
        offset + shown.count <= bytes.count && shown == Array(bytes[offset..<offset + shown.count]),
        "\(first)")
      compared += shown.count
    }
    #expect(compared > 300)
  }

  private func document() throws -> String {
    let path = packageRoot() + "/Sources/VectorShard"
    let bytes = try DurableFile.read("FORMAT.md", in: path, limit: 1 << 20)
    return String(decoding: try #require(bytes), as: UTF8.self)
  }

  private func file(_ name: String) throws -> [UInt8] {
    try #require(try DurableFile.read(name, in: Self.directory, limit: 1 << 20))
  }

  /// The tables whose first cells are a number and a name in code type, by the code word in the heading above.
  private func documentTables() throws -> [String: [String]] {
    var tables: [String: [String]] = [:]
    var heading = ""
    for line in try document().split(separator: "\n") {
      if line.hasPrefix("#") {
        heading = line.split(separator: "`").dropFirst().first.map(String.init) ?? ""
      }
      let cells = line.split(separator: "|").map { cell in
        cell.filter { $0 != " " && $0 != "`" && $0 != "," }
      }
      guard line.hasPrefix("|"), cells.count >= 2, let number = Int(cells[0]), !heading.isEmpty
      else { continue }
      tables[heading, default: []].append("\(number) \(cells[1])")
    }
    return tables
  }
}
