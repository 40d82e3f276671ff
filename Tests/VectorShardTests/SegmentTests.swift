// A segment written and read back: rows, documents, payloads, refusals, merges.

import Testing

@testable import VectorShard

struct SegmentTests {
  @Test func `what was written is what is read`() throws {
    let directory = try TemporaryDirectory()
    let rows = Sample.rows(90, dimension: 20, seed: 1)
    let summary = try Sample.writer(rows, dimension: 20).write(into: directory.path)
    let reader = try SegmentReader(
      digest: summary.digest, in: directory.path, expectedLength: summary.byteCount)
    try reader.verify()
    #expect(reader.rowCount == 90 && summary.rowCount == 90)
    #expect(reader.identity == Sample.identity && reader.dimension == 20)
    #expect(reader.documentCount == Set(rows.map(\.document)).count)
    let documents = try reader.documents
    for (index, row) in rows.enumerated() {
      let document = try reader.documentIndex(ofRow: index)
      #expect(documents[document].id == row.document)
      #expect(documents[document].group == row.group)
      #expect(documents[document].rows.contains(index))
      #expect(try reader.payload(ofRow: index) == Array(row.words.utf8))
      #expect(try reader.documentIndex(ofID: row.document) == document)
      let stored = try reader.document(document)
      #expect(stored.payload == Array("about \(row.document)".utf8))
      guard case .quantized(let scale, let values) = try reader.vector(ofRow: index) else {
        Issue.record("a stored vector is quantised")
        return
      }
      for (number, value) in zip(row.vector, values) {
        #expect(abs(number - Float(value) * scale) < 0.006)
      }
    }
    #expect(try reader.documentIndex(ofID: "nobody") == nil)
    #expect(throws: ShardError.self) { try reader.payload(ofRow: 90) }
    #expect(throws: ShardError.self) { try reader.payload(ofRow: -1) }
    #expect(throws: ShardError.self) { try reader.entry(reader.documentCount) }
  }

  @Test func `payloads of any size come back, also empty ones`() throws {
    let directory = try TemporaryDirectory()
    var chance = FixedChance(2)
    let sizes = [0, 1, 16383, 16384, 16385, 0, 100_000, 5, 0]
    let payloads = sizes.map { size in
      (0..<size).map { _ in UInt8.random(in: 0...255, using: &chance) }
    }
    var writer = try SegmentWriter(identity: "m", dimension: 1)
    for (number, payload) in payloads.enumerated() {
      let document = try writer.addDocument(
        ShardDocument(id: "\(number)", group: "", payload: payload))
      for other in payloads.reversed() where number % 3 != 1 {
        try writer.addRow(
          document: document, words: "", language: nil, vector: .unit([1]), payload: other)
      }
    }
    let summary = try writer.write(into: directory.path)
    let reader = try SegmentReader(digest: summary.digest, in: directory.path)
    try reader.verify()
    for (number, payload) in payloads.enumerated() {
      #expect(try reader.payload(ofDocument: number) == payload)
      for (place, row) in try reader.entry(number).rows.enumerated() {
        #expect(try reader.payload(ofRow: row) == payloads.reversed()[place])
      }
    }
  }

  @Test func `an empty segment is a segment`() throws {
    let directory = try TemporaryDirectory()
    let summary = try SegmentWriter(identity: "m", dimension: 3).write(into: directory.path)
    let reader = try SegmentReader(digest: summary.digest, in: directory.path)
    try reader.verify()
    #expect(reader.rowCount == 0 && reader.documentCount == 0)
    #expect(try reader.documentIndex(ofID: "d") == nil)
    #expect(throws: ShardError.self) { try reader.vector(ofRow: 0) }
  }

  @Test func `the same input gives the same bytes`() throws {
    let rows = Sample.rows(200, dimension: 12, seed: 8)
    let first = try Sample.writer(rows, dimension: 12).bytes()
    let second = try Sample.writer(rows, dimension: 12).bytes()
    #expect(first == second)
  }

  @Test func `a merge of stored rows has the bytes of a fresh segment`() throws {
    let directory = try TemporaryDirectory()
    let parts = [
      Sample.rows(60, dimension: 24, seed: 1), Sample.rows(30, dimension: 24, seed: 2, prefix: "e"),
    ]
    var merged = try SegmentWriter(identity: Sample.identity, dimension: 24)
    for part in parts {
      let summary = try Sample.writer(part, dimension: 24).write(into: directory.path)
      let reader = try SegmentReader(digest: summary.digest, in: directory.path)
      for number in 0..<reader.documentCount {
        let document = try merged.addDocument(reader.document(number))
        for row in try reader.entry(number).rows {
          let payload = try reader.payload(ofRow: row)
          try merged.addRow(
            document: document, words: String(decoding: payload, as: UTF8.self), language: "en",
            vector: reader.vector(ofRow: row), payload: payload)
        }
      }
    }
    let fresh = try Sample.writer(parts[0] + parts[1], dimension: 24).bytes()
    let bytes = try merged.bytes()
    #expect(bytes == fresh)
  }

  @Test func `what the format cannot hold is refused`() throws {
    #expect(throws: ShardError.self) { try SegmentWriter(identity: "", dimension: 1) }
    #expect(throws: ShardError.self) { try SegmentWriter(identity: "m", dimension: 0) }
    #expect(throws: ShardError.self) { try SegmentWriter(identity: "m", dimension: 4097) }
    #expect(throws: ShardError.self) {
      try SegmentWriter(identity: String(repeating: "m", count: 1025), dimension: 1)
    }
    var writer = try SegmentWriter(identity: "m", dimension: 2)
    let row = { (writer: inout SegmentWriter, document: Int, vector: ShardVector) in
      try writer.addRow(
        document: document, words: "", language: nil, vector: vector, payload: [])
    }
    #expect(throws: ShardError.self) { try row(&writer, 0, .unit([1, 0])) }
    let first = try writer.addDocument(ShardDocument(id: "a", group: "", payload: []))
    #expect(throws: ShardError.self) {
      try writer.addDocument(ShardDocument(id: "a", group: "", payload: []))
    }
    #expect(throws: ShardError.self) {
      try writer.addDocument(ShardDocument(id: "", group: "", payload: []))
    }
    for vector: ShardVector in [
      .unit([1]), .unit([1, 1]), .unit([.nan, 0]), .unit([.infinity, 0]), .unit([3e38, 3e38]),
      .quantized(scale: .nan, values: [1, 1]), .quantized(scale: -1, values: [1, 1]),
      .quantized(scale: 1, values: [1]),
    ] {
      #expect(throws: ShardError.self) { try row(&writer, first, vector) }
    }
    #expect(throws: ShardError.self) { try row(&writer, 1, .unit([1, 0])) }
    #expect(throws: ShardError.self) { try row(&writer, -1, .unit([1, 0])) }
    #expect(throws: ShardError.self) {
      try writer.addRow(
        document: first, words: "", language: nil, vector: .unit([1, 0]),
        payload: [UInt8](repeating: 0, count: ShardFormat.maximumPayloadLength + 1))
    }
    try row(&writer, first, .unit([0.6, 0.8]))
    #expect(writer.rowCount == 1)
  }
}
