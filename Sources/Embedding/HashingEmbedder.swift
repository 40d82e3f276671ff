// A deterministic stand-in for a model: words hashed into 384 places. For tests and dry runs
// without weights.
//
// Relies on nothing. Knows no meaning: texts are near when they share words. Its identity says so,
// and an index refuses to mix it with a real model's vectors.

/// Makes an embedder that hashes words and pairs of words.
package enum HashingEmbedder {
  /// The identity of vectors made by hashing.
  package static let model = EmbeddingModel(
    name: "hashing", identity: "hashing-words-1/384/for-tests-only", dimension: 384, maxTokens: 512)

  /// An embedder that needs no files, no threads and no time.
  package static func make() -> Embedder {
    Embedder(
      model: model,
      embed: { (texts: [String]) async throws(EmbeddingError) -> [[Float]] in texts.map(vector) },
      countTokens: { words($0).count + 2 })
  }

  /// The unit vector of a text; a text without words has the first axis.
  private static func vector(_ text: String) -> [Float] {
    var vector = [Float](repeating: 0, count: model.dimension)
    var previous: UInt64 = 0
    for word in words(text).prefix(model.maxTokens - 2) {
      let hash = digest(word)
      add(hash, weight: 1, to: &vector)
      // The second of a pair is rotated so that "a b" and "b a" differ.
      if previous != 0 { add(mixed(previous ^ (hash << 1 | hash >> 63)), weight: 0.5, to: &vector) }
      previous = hash
    }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0 else {
      vector[0] = 1
      return vector
    }
    return vector.map { $0 / length }
  }

  private static func add(_ hash: UInt64, weight: Float, to vector: inout [Float]) {
    let place = Int(hash % UInt64(vector.count))
    vector[place] += hash >> 63 == 0 ? weight : -weight
  }

  /// Runs of letters and digits, lower case.
  private static func words(_ text: String) -> [Substring.UnicodeScalarView] {
    Substring(text.lowercased()).unicodeScalars
      .split { !($0.properties.isAlphabetic || $0.properties.numericType != nil) }
  }

  /// FNV-1a over the word's code points, mixed so that the low and the high bits are both good.
  private static func digest(_ word: Substring.UnicodeScalarView) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for scalar in word { hash = (hash ^ UInt64(scalar.value)) &* 0x100_0000_01b3 }
    return mixed(hash)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var x = value
    x = (x ^ x >> 30) &* 0xbf58_476d_1ce4_e5b9
    x = (x ^ x >> 27) &* 0x94d0_49bb_1331_11eb
    return x ^ x >> 31
  }
}
