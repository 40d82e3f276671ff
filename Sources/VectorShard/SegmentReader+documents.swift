// The document table: which rows belong to which document, by number and by id.
//
// The table was checked at open (rows contiguous, names inside, groups known); reads stay bounds-checked all the same.

extension SegmentReader {
  /// The document at `index`, without its payload.
  ///
  /// - Throws: `invalid` for an index that is not there.
  package func entry(_ index: Int) throws(ShardError) -> DocumentEntry {
    try checkDocument(index)
    let place = try record(index)
    guard place.group < groups.count else { throw damage("document \(index) has no group") }
    let id = try withSection(.names) { (names) throws(ShardError) -> String in
      guard let id = names.text(place.nameOffset, place.nameLength) else {
        throw damage("document \(index) has no id")
      }
      return id
    }
    return DocumentEntry(
      id: id, group: groups[place.group],
      rows: place.firstRow..<place.firstRow + place.rowCount)
  }

  /// All documents without their payloads, in order.
  package var documents: [DocumentEntry] {
    get throws(ShardError) {
      var entries: [DocumentEntry] = []
      entries.reserveCapacity(documentCount)
      for index in 0..<documentCount { entries.append(try entry(index)) }
      return entries
    }
  }

  /// The document at `index` with its payload.
  package func document(_ index: Int) throws(ShardError) -> ShardDocument {
    let entry = try entry(index)
    return ShardDocument(
      id: entry.id, group: entry.group, payload: try payload(ofDocument: index))
  }

  /// The index of the document that `row` belongs to.
  ///
  /// - Throws: `invalid` for a row that is not there.
  /// - Complexity: O(log documents).
  package func documentIndex(ofRow row: Int) throws(ShardError) -> Int {
    try checkRow(row)
    var low = 0
    var high = documentCount
    // The last document that starts at or before the row and is not empty.
    while low < high {
      let middle = low + (high - low) / 2
      let place = try record(middle)
      if place.firstRow + place.rowCount <= row { low = middle + 1 } else { high = middle }
    }
    guard low < documentCount else { throw damage("row \(row) belongs to no document") }
    return low
  }

  /// The index of the document called `id`; nil when the segment has none.
  ///
  /// - Complexity: O(log documents).
  package func documentIndex(ofID id: String) throws(ShardError) -> Int? {
    let wanted = Array(id.utf8)
    return try withSection(.documentOrder) { (order) throws(ShardError) -> Int? in
      try withSection(.names) { (names) throws(ShardError) -> Int? in
        var low = 0
        var high = documentCount
        while low < high {
          let middle = low + (high - low) / 2
          guard let index = order.u32(at: middle * 4), index < documentCount else {
            throw damage("section documentOrder names no document at \(middle)")
          }
          let place = try record(index)
          guard let bytes = names.slice(place.nameOffset, place.nameLength) else {
            throw damage("document \(index) has no id")
          }
          if bytes.elementsEqual(wanted) { return index }
          if precedes(bytes, wanted) { low = middle + 1 } else { high = middle }
        }
        return nil
      }
    }
  }

  /// One entry of the table.
  func record(_ index: Int) throws(ShardError) -> DocumentRecord {
    let record = withSection(.documents) { DocumentRecord($0, at: index) }
    guard let record else { throw damage("section documents ends before document \(index)") }
    return record
  }

  /// The row ranges of the documents that are not in `deleted` and whose group is allowed, ascending, never touching.
  ///
  /// - Complexity: O(documents) when something is left out, O(groups) otherwise.
  func allowedRows(
    deleted: [Int], where allowedGroup: (String) -> Bool
  ) throws(ShardError) -> [Range<Int>] {
    let allowed = groups.map(allowedGroup)
    if deleted.isEmpty, allowed.allSatisfy({ $0 }) { return rowCount > 0 ? [0..<rowCount] : [] }
    if !allowed.contains(true) { return [] }
    return try withSection(.documents) { (table) throws(ShardError) -> [Range<Int>] in
      var ranges: [Range<Int>] = []
      var nextDeleted = 0
      for index in 0..<documentCount {
        if nextDeleted < deleted.count, deleted[nextDeleted] == index {
          nextDeleted += 1
          continue
        }
        guard let record = DocumentRecord(table, at: index), record.group < allowed.count else {
          throw damage("document \(index) has no group")
        }
        guard allowed[record.group], record.rowCount > 0 else { continue }
        let end = record.firstRow + record.rowCount
        if let last = ranges.last, last.upperBound == record.firstRow {
          ranges[ranges.count - 1] = last.lowerBound..<end
        } else {
          ranges.append(record.firstRow..<end)
        }
      }
      return ranges
    }
  }
}

/// One entry of section `documents`.
struct DocumentRecord {
  let nameOffset: Int
  let nameLength: Int
  let group: Int
  let firstRow: Int
  let rowCount: Int

  /// Reads entry `index`; nil when the table ends before it.
  @inline(__always)
  init?(_ table: UnsafeRawBufferPointer, at index: Int) {
    typealias Entry = ShardFormat.DocumentEntry
    let start = index * Entry.byteCount
    guard let nameOffset = table.u32(at: start + Entry.nameOffset),
      let nameLength = table.u32(at: start + Entry.nameLength),
      let group = table.u32(at: start + Entry.group),
      let firstRow = table.u32(at: start + Entry.firstRow),
      let rowCount = table.u32(at: start + Entry.rowCount)
    else { return nil }
    self.nameOffset = nameOffset
    self.nameLength = nameLength
    self.group = group
    self.firstRow = firstRow
    self.rowCount = rowCount
  }
}
