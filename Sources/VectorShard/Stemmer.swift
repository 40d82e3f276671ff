// libstemmer's stemmers, made when first asked for. Each is a C object that one thread may use at a time.

import CStemmer

/// The stemmers one text needs.
///
/// Not Sendable: made for a text, used by one thread, dropped.
final class Stemmer {
  private var made: [StemmingAlgorithm: OpaquePointer] = [:]

  deinit {
    for stemmer in made.values { sb_stemmer_delete(stemmer) }
  }

  /// The stem of a lower-case word in UTF-8; the word itself when there is nothing to do.
  func stem(_ word: [UInt8], by algorithm: StemmingAlgorithm) -> [UInt8] {
    guard algorithm != .plain, let stemmer = stemmer(for: algorithm) else { return word }
    guard let stem = sb_stemmer_stem(stemmer, word, Int32(clamping: word.count)) else {
      return word
    }
    let length = Int(sb_stemmer_length(stemmer))
    guard length > 0 else { return word }
    return Array(UnsafeBufferPointer(start: stem, count: length))
  }

  private func stemmer(for algorithm: StemmingAlgorithm) -> OpaquePointer? {
    if let stemmer = made[algorithm] { return stemmer }
    // The case's name is libstemmer's name for it. Nil (an older library without it) leaves words as they are.
    guard let stemmer = sb_stemmer_new("\(algorithm)", "UTF_8") else { return nil }
    made[algorithm] = stemmer
    return stemmer
  }
}
