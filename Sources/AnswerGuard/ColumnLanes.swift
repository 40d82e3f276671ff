// Tables: each column by itself, its cells one after another (step 3). A row is a line, a cell ends at "|" or a tab.
//
// The first cell of a line is known as one only at its end; until a table has begun its words wait, and what they are is no
// secret of the columns: they stand in a row. Sixteen letters count only if more than five cells spell them: columns of names and prices
// come near to three words soon.

/// Readings of columns.
struct ColumnLanes: Sendable {
  private static let most = 16
  /// Words of a first cell that are kept.
  private static let longestCell = 32

  private var lanes: [PlacedLane] = []
  private var column = 0
  private var isCellBegin = true
  private var waiting: [PlacedWord] = []

  /// Takes the next word.
  mutating func push(
    _ word: PlacedWord, in reply: ReplyWords, _ patterns: borrowing PrivatePatterns
  ) -> Violation.Rule? {
    guard !lanes.isEmpty else {
      if waiting.count < Self.longestCell { waiting.append(word) }
      return nil
    }
    guard column < Self.most else { return nil }
    defer { isCellBegin = false }
    return lanes[column].push(
      word, in: reply, patterns, isApart: isCellBegin, leastLetterReach: TextShape.runLength + 1)
  }

  /// A cell ends.
  mutating func endCell(in reply: ReplyWords, _ patterns: borrowing PrivatePatterns) {
    if lanes.isEmpty {
      lanes = [PlacedLane](repeating: PlacedLane(), count: Self.most)
      for word in waiting { _ = push(word, in: reply, patterns) }
      waiting = []
    }
    column += 1
    isCellBegin = true
  }

  mutating func endLine() {
    column = 0
    isCellBegin = true
    waiting.removeAll(keepingCapacity: true)
  }
}
