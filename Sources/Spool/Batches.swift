// Cuts a stage's outputs into items of bounded size.

/// Sizes at which an item is closed.
package struct BatchLimits: Sendable {
  /// Most records an item holds.
  package var records: Int
  /// Most uncompressed bytes, unless a single record is larger.
  package var bytes: Int

  package init(records: Int = 256, bytes: Int = 8 << 20) {
    self.records = records
    self.bytes = bytes
  }

  /// Splits encoded records in order; each part respects both limits or holds one record.
  package func batches(of records: [[UInt8]]) -> [[[UInt8]]] {
    var batches: [[[UInt8]]] = []
    var current: [[UInt8]] = []
    var size = 0
    for record in records {
      if !current.isEmpty, current.count >= self.records || size + record.count > bytes {
        batches.append(current)
        current = []
        size = 0
      }
      current.append(record)
      size += record.count + 1
    }
    if !current.isEmpty { batches.append(current) }
    return batches
  }
}
