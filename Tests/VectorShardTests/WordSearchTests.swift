// Search by words against a BM25 written out in the plainest way.

import Glibc
import Testing

@testable import VectorShard

struct WordSearchTests {
  @Test func `scores are those of a plain BM25 over all segments`() throws {
    let directory = try TemporaryDirectory()
    let parts = [
      Sample.rows(150, dimension: 8, seed: 1), Sample.rows(40, dimension: 8, seed: 2, prefix: "e"),
      Sample.rows(1, dimension: 8, seed: 3, prefix: "f"),
    ]
    try Sample.publish(parts, dimension: 8, in: directory.path, deleting: [[3, 4]])
    let set = try openShard(directory.path)
    let all = parts.flatMap { $0 }
    var chance = FixedChance(4)
    for _ in 0..<30 {
      let question = chance.words(4) + " unheard"
      let expected = plainScores(question, all.map(\.words))
      let hits = try set.wordSearch(question, language: "en", count: 500)
      let alive = all.indices.filter {
        !["d3", "d4"].contains(all[$0].document) && expected[$0] > 0
      }
      #expect(Set(hits.map { number($0.row, parts) }) == Set(alive))
      for hit in hits {
        #expect(abs(Double(hit.score) - expected[number(hit.row, parts)]) < 1e-4)
      }
      #expect(zip(hits, hits.dropFirst()).allSatisfy { ($1.score, $0.row) < ($0.score, $1.row) })
      #expect(try set.wordSearch(question, language: "en", count: 7) == Array(hits.prefix(7)))
      let rows = hits.prefix(9).map(\.row)
      #expect(
        try set.wordScores(of: rows, for: question, language: "en") == hits.prefix(9).map(\.score))
      let ceiling = ShardSet.wordScoreCeiling(try set.wordWeights(question, language: "en"))
      #expect(hits.allSatisfy { $0.score < ceiling })
    }
  }

  @Test func `a filter leaves rows out and changes no score`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(120, dimension: 8, seed: 6)
    try Sample.publish([rows], dimension: 8, in: directory.path)
    let set = try openShard(directory.path)
    let all = try set.wordSearch("holiday travel", language: nil, count: 200)
    let some = try set.wordSearch("holiday travel", language: nil, count: 200) { $0 == "g2" }
    #expect(some == all.filter { rows[$0.row.row].group == "g2" })
    #expect(!some.isEmpty && some.count < all.count)
  }

  @Test func `words are found through inflection, accents, case and scripts`() throws {
    let directory = try TemporaryDirectory()
    let texts: [(String, String?)] = [
      ("Employees are entitled to parental leave.", "en"),
      ("Les résumés sont conservés à l’école.", "fr"),
      ("Die Häuser wurden gebaut.", "de"),
      ("北京大学图书馆的开放时间", "zh"),
      ("東京タワーの営業時間", "ja"),
      ("Документы хранятся в архиве", nil),
    ]
    var writer = try SegmentWriter(identity: "m", dimension: 4)
    for (number, (text, language)) in texts.enumerated() {
      let document = try writer.addDocument(ShardDocument(id: "\(number)", group: "", payload: []))
      try writer.addRow(
        document: document, words: text, language: language, vector: .unit([1, 0, 0, 0]),
        payload: [])
    }
    let summary = try writer.write(into: directory.path)
    let reader = try SegmentReader(digest: summary.digest, in: directory.path)
    try reader.verify()
    let set = try ShardSet(
      ShardManifest(
        identity: "m", dimension: 4, generation: 1, run: "r", segments: [(reader, [])]),
      in: directory.path)
    for (question, row) in [
      ("employee entitlement", 0), ("RESUME", 1), ("ecole", 1), ("haus", 2), ("Hausern", 2),
      ("图书馆", 3), ("大学", 3), ("東京タワー", 4), ("документ в архивах", 5),
    ] {
      #expect(
        try set.wordSearch(question, language: nil, count: 1).map(\.row.row) == [row],
        "\(question)")
    }
    #expect(try set.wordSearch("", language: nil, count: 5) == [])
    #expect(try set.wordSearch("?!", language: nil, count: 5) == [])
    #expect(try set.wordSearch("quantum", language: nil, count: 5) == [])
  }

  @Test func `every term of a large dictionary is found, and none that is not there`() throws {
    let directory = try TemporaryDirectory()
    var writer = try SegmentWriter(identity: "m", dimension: 1)
    let document = try writer.addDocument(ShardDocument(id: "d", group: "", payload: []))
    for row in 0..<500 {
      try writer.addRow(
        document: document, words: "k\(row) k\(row)x\(row) k\(row * 7)", language: "en",
        vector: .unit([1]), payload: [])
    }
    let summary = try writer.write(into: directory.path)
    let reader = try SegmentReader(digest: summary.digest, in: directory.path)
    try reader.verify()
    for row in 0..<500 {
      #expect(
        try reader.place(of: Array("k\(row)".utf8))?.rowCount
          == (row % 7 == 0 ? (row == 0 ? 1 : 2) : 1))
      #expect(try reader.place(of: Array("k\(row)x\(row)".utf8))?.rowCount == 1)
      #expect(try reader.place(of: Array("k\(row)y".utf8)) == nil)
    }
    #expect(try reader.place(of: []) == nil)
    #expect(try reader.place(of: [0xFF]) == nil)
  }

  /// BM25 of every text, by counting.
  private func plainScores(_ question: String, _ texts: [String]) -> [Double] {
    let terms = { (text: String) in
      WordQuery(text, language: "en", stemmers: 0).terms.flatMap {
        Array(repeating: $0.bytes, count: $0.count)
      }
    }
    let documents = texts.map(terms)
    let average = Double(documents.reduce(0) { $0 + $1.count }) / Double(documents.count)
    return documents.map { document in
      terms(question).reduce(0.0) { sum, term in
        let frequency = Double(document.filter { $0 == term }.count)
        let holders = Double(documents.filter { $0.contains(term) }.count)
        let total = Double(documents.count)
        let inverse = log(1 + (total - holders + 0.5) / (holders + 0.5))
        let length = 0.25 + 0.75 * Double(document.count) / average
        return sum + inverse * frequency * 2.2 / (frequency + 1.2 * length)
      }
    }
  }

  private func number(_ row: ShardSet.RowReference, _ parts: [[SampleRow]]) -> Int {
    parts[..<row.segment].reduce(0) { $0 + $1.count } + row.row
  }
}
