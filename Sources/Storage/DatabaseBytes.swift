// Bytes as SQLite values, in one place, because GRDB speaks Data and we speak arrays.

import FoundationEssentials
import GRDB

/// A blob value.
struct DatabaseBytes {
  let value: DatabaseValue

  init(_ bytes: [UInt8]) { value = Data(bytes).databaseValue }

  /// The bytes of a blob column; empty for NULL.
  static func bytes(_ data: Data?) -> [UInt8] { data.map(Array.init) ?? [] }
}
