// Documents and rows in, one immutable file out: the same input gives the same bytes, whoever writes and when.
//
// Relies on the caller for order (a document, then its rows) and for text that may be stored. Knows no chatbot, no run and
// no clock. Holds the whole segment in memory until `write`.

/// A segment being written.
package struct SegmentWriter {
  private let identity: String
  /// Numbers of a vector.
  package let dimension: Int
  private let stride: Int
  private var rows: [UInt8] = []
  private var scales: [UInt8] = []
  private var documents: [Document] = []
  private var ids: Set<String> = []
  private var groups: [String: Int] = [:]
  private var groupOrder: [String] = []
  private var payloads = PayloadBuilder()
  private var words = WordIndexBuilder()

  private struct Document {
    let id: String
    let group: Int
    let firstRow: Int
    var rowCount: Int
    var stemmers: UInt32 = 0
  }

  /// Begins a segment for vectors of the model `identity` with `dimension` numbers each.
  ///
  /// - Throws: `invalid` or `tooLarge` for what the format cannot hold.
  package init(identity: String, dimension: Int) throws(ShardError) {
    guard !identity.isEmpty else { throw .invalid("an empty embedding identity") }
    try Self.checkName(identity, what: "the embedding identity")
    guard dimension > 0 else { throw .invalid("vectors of dimension \(dimension)") }
    guard dimension <= ShardFormat.maximumDimension else {
      throw .tooLarge(what: "a dimension of \(dimension)", limit: ShardFormat.maximumDimension)
    }
    self.identity = identity
    self.dimension = dimension
    self.stride = rowStride(dimension: dimension)
  }

  /// Rows added so far.
  package var rowCount: Int { words.rowLengths.count }

  /// Documents added so far.
  package var documentCount: Int { documents.count }

  /// Adds a document and returns its index; its rows follow it.
  ///
  /// - Throws: `invalid` for an id that is empty or already here, `tooLarge` for a name or payload beyond the limits.
  package mutating func addDocument(_ document: ShardDocument) throws(ShardError) -> Int {
    guard !document.id.isEmpty else { throw .invalid("a document without an id") }
    try Self.checkName(document.id, what: "a document's id")
    try Self.checkName(document.group, what: "a document's group")
    guard documents.count < ShardFormat.maximumRowCount else {
      throw .tooLarge(what: "a segment's number of documents", limit: ShardFormat.maximumRowCount)
    }
    guard !ids.contains(document.id) else {
      throw .invalid("document \(document.id) twice in one segment")
    }
    try payloads.add(document.payload)
    ids.insert(document.id)
    let group: Int
    if let known = groups[document.group] {
      group = known
    } else {
      group = groupOrder.count
      groups[document.group] = group
      groupOrder.append(document.group)
    }
    documents.append(Document(id: document.id, group: group, firstRow: rowCount, rowCount: 0))
    return documents.count - 1
  }

  /// Adds a row to the document that was added last.
  ///
  /// `words` is what the row is found by, `language` a BCP 47 tag or nil when unknown.
  ///
  /// - Throws: `invalid` for another document or for numbers that are no unit vector, `tooLarge` for a payload beyond 16 MiB.
  package mutating func addRow(
    document: Int, words text: String, language: String?, vector: ShardVector, payload: [UInt8]
  ) throws(ShardError) {
    guard document >= 0, document == documents.count - 1 else {
      throw .invalid("a row for document \(document) after document \(documents.count - 1)")
    }
    guard rowCount < ShardFormat.maximumRowCount else {
      throw .tooLarge(what: "a segment's number of rows", limit: ShardFormat.maximumRowCount)
    }
    let (scale, values) = try vector.stored(dimension: dimension)
    try payloads.add(payload)
    rows.append(contentsOf: values.lazy.map { UInt8(bitPattern: $0) })
    rows.append(contentsOf: repeatElement(0, count: stride - dimension))
    scales.append(integer: scale.bitPattern)
    documents[document].stemmers |= words.addRow(text, language: language)
    documents[document].rowCount += 1
  }

  /// Writes the segment into `directory` under its digest, durable when this returns.
  ///
  /// A segment that stands there already is replaced by the same bytes.
  ///
  /// - Throws: `system` when the disk refuses; nothing is left but a file named `.tmp-…`, which `sweep` removes.
  package consuming func write(into directory: String) throws(ShardError) -> SegmentSummary {
    let (rowCount, documentCount) = (rowCount, documents.count)
    let file = try bytes()
    let digest = file.withUnsafeBytes { sha256($0) }
    try DurableFile.write(file, named: segmentFileName(digest), in: directory)
    return SegmentSummary(
      digest: digest, rowCount: rowCount, documentCount: documentCount, byteCount: file.count)
  }

  /// The whole file.
  consuming func bytes() throws(ShardError) -> [UInt8] {
    try payloads.finish()
    let index = words.sections()
    var names: [UInt8] = []
    var documentTable: [UInt8] = []
    var stemmers: [UInt8] = []
    for document in documents {
      documentTable.append(integer: UInt32(truncatingIfNeeded: names.count))
      documentTable.append(integer: UInt32(document.id.utf8.count))
      documentTable.append(integer: UInt32(document.group))
      documentTable.append(integer: UInt32(document.firstRow))
      documentTable.append(integer: UInt32(document.rowCount))
      names.append(contentsOf: document.id.utf8)
      stemmers.append(integer: document.stemmers)
    }
    var groupTable: [UInt8] = []
    for group in groupOrder {
      groupTable.append(integer: UInt32(truncatingIfNeeded: names.count))
      groupTable.append(integer: UInt32(group.utf8.count))
      names.append(contentsOf: group.utf8)
    }
    guard names.count <= Int(UInt32.max) else {
      throw .tooLarge(what: "a segment's document ids", limit: Int(UInt32.max))
    }
    var order: [UInt8] = []
    for index in documents.indices.sorted(by: {
      precedes(documents[$0].id.utf8, documents[$1].id.utf8)
    }) {
      order.append(integer: UInt32(index))
    }
    var lengths: [UInt8] = []
    var wordCount: UInt64 = 0
    for length in words.rowLengths {
      lengths.append(integer: length)
      wordCount += UInt64(length)
    }
    var layout = SegmentLayout()
    layout.dimension = dimension
    layout.rowCount = rowCount
    layout.documentCount = documents.count
    layout.groupCount = groupOrder.count
    layout.termCount = index.termCount
    layout.wordCount = wordCount
    layout.stemmers = words.stemmers
    return layout.file(sections: [
      .identity: Array(identity.utf8), .rows: rows, .scales: scales, .rowLengths: lengths,
      .documents: documentTable, .documentOrder: order, .groups: groupTable, .names: names,
      .payloadItems: payloads.items, .payloadBlocks: payloads.blocks, .payload: payloads.packed,
      .termBlocks: index.termBlocks, .terms: index.terms, .postings: index.postings,
      .documentStemmers: stemmers,
    ])
  }

  private static func checkName(_ name: String, what: String) throws(ShardError) {
    guard name.utf8.count <= ShardFormat.maximumNameLength else {
      throw .tooLarge(
        what: "\(what) of \(name.utf8.count) bytes", limit: ShardFormat.maximumNameLength)
    }
  }
}
