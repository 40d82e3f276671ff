// The runs that one answer must not give: those of its private passages, without what is citable in it.
//
// Nothing of a passage is copied: the answer has a bitmap over all its passages, eight bits a key, and the keys that are
// exempt, mostly few.

/// Private runs of several passages.
struct PrivateRuns: Sendable {
  private let passages: [PassageRuns]
  private let filter: KeyFilter
  /// The keys that stand in citable text.
  private let citable: Set<UInt64>
  /// The lengths of short runs among the letters.
  let shortLengths: [Int]

  init(_ passages: [PassageRuns], exempt: [Fingerprint]) {
    var filter = KeyFilter(
      keyCount: passages.reduce(0) { $0 + $1.count }, bitsPerKey: Self.bitsPerKey)
    for passage in passages { passage.fill(&filter) }
    var citable: Set<UInt64> = []
    for key in exempt.lazy.flatMap(\.keys)
    where filter.mayContain(key) && passages.contains(where: { $0.contains(key) }) {
      citable.insert(key)
    }
    self.passages = passages
    self.filter = filter
    self.citable = citable
    shortLengths = Set(passages.lazy.flatMap(\.shortLengths)).sorted()
  }

  /// Each answer on its way has such a bitmap, so it is half as large as a passage's, which is asked next.
  private static let bitsPerKey = 8

  /// Whether it is the key of a private run.
  @inline(__always) func contains(_ key: UInt64) -> Bool {
    filter.mayContain(key) && isSecret(key)
  }

  /// Whether a word may be one of a private run; no, if it is surely none.
  @inline(__always) func mayHaveWord(_ hash: UInt64) -> Bool {
    filter.mayContain(Key.mix(hash, Key.Kind.privateWord.rawValue))
  }

  private func isSecret(_ key: UInt64) -> Bool {
    passages.contains { $0.isSecret(key, without: citable) }
  }
}
