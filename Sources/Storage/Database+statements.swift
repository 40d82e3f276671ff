// The words in which this module speaks SQL: one statement text for both engines (SCALE.md), values by `$1 … $n` in their
// order, each number once, statements kept prepared.

import GRDB

extension Database {
  /// Carries out one statement that changes rows.
  ///
  /// - Returns: how many rows it changed.
  @discardableResult
  func change(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
    try cachedStatement(sql: sql).execute(arguments: arguments)
    return changesCount
  }

  /// The first row; nil without one.
  func first(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
    try Row.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
  }

  /// All rows.
  func all(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
    try Row.fetchAll(try cachedStatement(sql: sql), arguments: arguments)
  }

  /// The first column of the first row as a number; 0 without one or for NULL.
  func number(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
    try Int.fetchOne(try cachedStatement(sql: sql), arguments: arguments) ?? 0
  }
}
