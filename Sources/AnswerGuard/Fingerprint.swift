// What is remembered of a text that may be said: keys of its words, codes and runs, so that a gate can be built without it.
//
// About nine bytes for each letter. Keys of all kinds lie sorted in one array, which can be stored as it is and read back
// with `init(sortedKeys:)`. Building a gate only asks whether a private key is in it.

/// The keys of a citable text, or of what a visitor typed.
package struct Fingerprint: Sendable {
  /// Ascending, without repetition.
  package let keys: [UInt64]

  package init(_ text: String) { self.init(texts: [text]) }

  /// One fingerprint of several texts; no run reaches from one into the next.
  package init(texts: some Sequence<String>) {
    var keys: [UInt64] = []
    for text in texts {
      let shape = TextShape(text)
      Self.add(shape, to: &keys)
      if let bare = shape.withoutNumbers { Self.add(bare, to: &keys) }
      keys.append(contentsOf: shape.words.lazy.map { Key.token($0.hash) })
      Self.add(JoinedTokens.joined(in: shape.words), to: &keys)
      if let spoken = NumberWords.figures(in: shape.words, keepsSmall: false) {
        keys.append(contentsOf: spoken.lazy.filter(\.isNumber).map { Key.token($0.hash) })
        Self.add(JoinedTokens.joined(in: spoken), to: &keys)
      }
      keys.append(contentsOf: OpaqueSigns.keys(in: text))
    }
    self.init(unsorted: keys)
  }

  /// Different figures that a visitor may type before they count as guesses.
  static let mostFigures = 16
  /// Ways to read figures with marks between them as one, likewise: a date has five.
  static let mostJoined = 40
  /// Unknown words, likewise.
  static let mostNames = 24

  /// One fingerprint of what a visitor typed.
  ///
  /// What they name may be named to them. But whoever types every figure there is, or a list of names, would have the right one said:
  /// of many figures or names none is in it. Figures make one only without spaces: "1 2 7" is no 127.
  init(typed texts: [String], isKnown: (Word) -> Bool) {
    var (keys, codes): ([UInt64], [UInt64]) = ([], [])
    var (figures, joinedFigures, names): (Set<UInt64>, Set<UInt64>, Set<UInt64>) = ([], [], [])
    for text in texts {
      let shape = TextShape(text)
      Self.add(shape, to: &keys)
      if let bare = shape.withoutNumbers { Self.add(bare, to: &keys) }
      keys.append(contentsOf: OpaqueSigns.keys(in: text))
      let spoken = NumberWords.figures(in: shape.words, keepsSmall: false) ?? []
      for word in shape.words + spoken {
        let key = Key.token(word.hash)
        if word.isNumber {
          figures.insert(key)
        } else if isKnown(word) {
          keys.append(key)
        } else {
          names.insert(key)
        }
      }
      for words in [shape.words, spoken] {
        let joined = JoinedTokens.joined(in: words)
        Self.add(joined.filter { !$0.words.allSatisfy(\.isNumber) }, to: &codes)
        var tight: [UInt64] = []
        Self.add(
          joined.filter { token in
            token.words.allSatisfy(\.isNumber)
              && !token.words.dropFirst().contains(where: \.isAfterSpace)
          }, to: &tight)
        joinedFigures.formUnion(tight)
      }
    }
    if figures.count <= Self.mostFigures, joinedFigures.count <= Self.mostJoined {
      keys += codes + figures + joinedFigures
    }
    if names.count <= Self.mostNames { keys.append(contentsOf: names) }
    self.init(unsorted: keys)
  }

  /// A fingerprint that was stored; nil when the keys do not ascend.
  package init?(sortedKeys: [UInt64]) {
    guard zip(sortedKeys, sortedKeys.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
    keys = sortedKeys
  }

  private init(unsorted: [UInt64]) {
    var kept: [UInt64] = []
    kept.reserveCapacity(unsorted.count)
    for key in unsorted.sorted() where key != kept.last { kept.append(key) }
    keys = kept
  }

  private static func add(_ tokens: [JoinedToken], to keys: inout [UInt64]) {
    for token in tokens {
      keys.append(Key.token(token.hash))
      // "8 | 7" in a table is no "8.7".
      if token.isExact, token.letters.count > 2 || token.isDecimal { keys.append(token.key) }
    }
  }

  private static func add(_ shape: TextShape, to keys: inout [UInt64]) {
    let letters = shape.letters
    keys.append(contentsOf: TextShape.letterKeys(letters))
    keys.append(contentsOf: UnspacedRow.keys(in: letters))
    keys.append(
      contentsOf: TextShape.wordKeys(shape.words, length: TextShape.runLength, kind: .wordRun))
    keys.append(contentsOf: TextShape.wordKeys(shape.words, length: 3, kind: .threeWords))
  }

  /// Whether a key is in it.
  ///
  /// - Complexity: O(log n).
  func contains(_ key: UInt64) -> Bool { keys.contains(sorted: key) }
}

extension [UInt64] {
  /// Where a key stands or would stand in a row that ascends.
  ///
  /// - Complexity: O(log n).
  func firstIndex(sorted key: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether a key is in a row that ascends.
  func contains(sorted key: UInt64) -> Bool {
    let place = firstIndex(sorted: key)
    return place < count && self[place] == key
  }
}
