// How much of the private text a whole chat has given in pieces of three words (step 9); off unless a caller keeps one.
//
// A benign sentence holds 0.17 such runs by chance, so the allowance grows with what was released. Holds keys, no text.

/// What a chat has released so far of three private words in a row.
package struct ChatMemory: Sendable {
  /// Runs that are free of charge, and more of them for each sentence.
  package let allowance: Double
  package let allowancePerSentence: Double
  private var released: Set<UInt64> = []
  private var sentences = 0
  private var pending: Set<UInt64> = []

  package init(allowance: Double = 6, allowancePerSentence: Double = 0.5) {
    self.allowance = allowance
    self.allowancePerSentence = allowancePerSentence
  }

  mutating func note(_ key: UInt64) { pending.insert(key) }

  /// Takes the sentence's runs in if the budget allows them.
  mutating func endSentence() -> Bool {
    defer { pending = [] }
    let all = released.union(pending)
    guard
      pending.isEmpty
        || Double(all.count) <= allowance + allowancePerSentence * Double(sentences + 1)
    else { return false }
    released = all
    sentences += 1
    return true
  }
}
