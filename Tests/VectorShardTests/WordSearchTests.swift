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
    // Those of deleted documents count for nothing.
    let isAlive = { (row: SampleRow) in !["d3", "d4"].contains(row.document) }
    var chance = FixedChance(4)
    for _ in 0..<30 {
      let question = chance.words(4) + " unheard"
      let expected = plainScores(question, all.map { isAlive($0) ? $0.words : nil })
      let hits = try set.words.search(question, language: "en", count: 500)
      let alive = all.indices.filter { isAlive(all[$0]) && expected[$0] > 0 }
      #expect(Set(hits.map { number($0.row, parts) }) == Set(alive))
      for hit in hits {
        #expect(abs(Double(hit.score) - expected[number(hit.row, parts)]) < 1e-4)
      }
      #expect(zip(hits, hits.dropFirst()).allSatisfy { ($1.score, $0.row) < ($0.score, $1.row) })
      #expect(try set.words.search(question, language: "en", count: 7) == Array(hits.prefix(7)))
      let rows = hits.prefix(9).map(\.row)
      #expect(
        try set.words.scores(of: rows, for: set.words.question(question, language: "en"))
          == hits.prefix(9).map(\.score)
      )
      let ceiling = ShardWords.ceiling(try set.words.question(question, language: "en").weights)
      #expect(hits.allSatisfy { $0.score < ceiling })
    }
  }

  @Test func `what is not counted changes no bit of a score`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(120, dimension: 8, seed: 6)
    let isPublic = { (group: String) in group == "g2" }
    try Sample.publish([rows], dimension: 8, in: directory.folder("both"))
    try Sample.publish(
      [rows.filter { isPublic($0.group) }], dimension: 8, in: directory.folder("public"))
    // Cut into two, and some of it deleted.
    let half = Array(rows[..<60])
    let gone = Set(0..<Set(half.map(\.document)).count)
    let twice = rows.map {
      SampleRow(
        document: "again" + $0.document, group: $0.group, words: $0.words, vector: $0.vector)
    }
    try Sample.publish(
      [half, twice], dimension: 8, in: directory.folder("cut"), deleting: [gone])
    let alone = try openShard(directory.folder("public")).words
    let both = try ShardWords(try openShard(directory.folder("both")), where: isPublic)
    let cut = try ShardWords(try openShard(directory.folder("cut")), where: isPublic)
    var chance = FixedChance(9)
    for _ in 0..<20 {
      let question = chance.words(3)
      let expected = try alone.search(question, language: nil, count: 200)
      #expect(!expected.isEmpty)
      for words in [both, cut] {
        let found = try words.search(question, language: nil, count: 200)
        #expect(found.map(\.score) == expected.map(\.score))
        #expect(
          try found.map { try words.shard.payload(of: $0.row) }
            == expected.map { try alone.shard.payload(of: $0.row) })
        #expect(
          try words.question(question, language: nil).weights
            == alone.question(question, language: nil).weights)
      }
    }
  }

  @Test func `a stemmer that only other texts went through is not asked`() throws {
    let directory = try TemporaryDirectory()
    var writer = try SegmentWriter(identity: "m", dimension: 4)
    for (group, text, language) in [
      ("public", "The costs of living.", "en"), ("private", "Die Kosten des Lebens.", "de"),
    ] {
      let document = try writer.addDocument(ShardDocument(id: group, group: group, payload: []))
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
    #expect(try set.words.terms(of: "Kosten", language: nil) == ["kosten", "kost"])
    let words = try ShardWords(set) { $0 == "public" }
    #expect(words.terms(of: "Kosten", language: nil) == ["kosten"])
    #expect(try ShardWords(set) { $0 == "private" }.terms(of: "Kosten", language: nil) == ["kost"])
  }

  @Test func `a filter leaves rows out and changes no score`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(120, dimension: 8, seed: 6)
    try Sample.publish([rows], dimension: 8, in: directory.path)
    let set = try openShard(directory.path)
    let all = try set.words.search("holiday travel", language: nil, count: 200)
    let some = try set.words.search("holiday travel", language: nil, count: 200) { $0 == "g2" }
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
        try set.words.search(question, language: nil, count: 1).map(\.row.row) == [row],
        "\(question)")
    }
    #expect(try set.words.search("", language: nil, count: 5) == [])
    #expect(try set.words.search("?!", language: nil, count: 5) == [])
    #expect(try set.words.search("quantum", language: nil, count: 5) == [])
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

  /// BM25 of every text, by counting; nil stands for a text that is not there.
  private func plainScores(_ question: String, _ texts: [String?]) -> [Double] {
    let terms = { (text: String) in
      WordQuery(text, language: "en", stemmers: 0).terms.flatMap {
        Array(repeating: $0.bytes, count: $0.count)
      }
    }
    let documents = texts.compactMap { $0.map(terms) }
    let average = Double(documents.reduce(0) { $0 + $1.count }) / Double(documents.count)
    return texts.map { text in
      guard let document = text.map(terms) else { return 0 }
      return terms(question).reduce(0.0) { sum, term in
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
