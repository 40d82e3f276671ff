// Whether a line of a passage says what a sentence of an answer says, in other words: by the vectors of both, with the question
// beside the sentence too, for "It weighs 29 kilograms" is about nothing by itself.
//
// Relies on a model in this process: the sentence may be one that the output gate has not seen yet, and goes nowhere else and
// into no memory. The vectors of citable lines are kept.

import Corpus
import Embedding

/// Compares sentences of one answer with lines of citable passages.
struct SentenceMeaning: Sendable {
  /// The least cosines of a line that says the same (THRESHOLD.md); set per embedding model.
  struct Bounds: Sendable {
    /// With the sentence alone.
    let alone: Float
    /// With the question and the sentence.
    let asked: Float
  }

  let question: String
  let chatbot: ChatbotID
  let embedder: Embedder
  let memory: SentenceVectors
  let bounds: Bounds

  /// For each of several passages whether one of its lines says it; false when it cannot be told.
  func isSaid(_ sentence: String, in passages: [[String]]) async -> [Bool] {
    var said = passages.map { _ in false }
    guard passages.contains(where: { !$0.isEmpty }), sentence.contains(where: { $0.isLetter }),
      let own = try? await embedder.embed([sentence, "\(question) \(sentence)"]), own.count == 2
    else { return said }
    for (index, lines) in passages.enumerated() where !lines.isEmpty {
      guard let vectors = try? await memory.vectors(of: lines, for: chatbot, by: embedder) else {
        continue
      }
      said[index] = Self.isSaid(alone: own[0], asked: own[1], in: vectors, bounds)
    }
    return said
  }

  /// The comparison itself; for the curve of THRESHOLD.md too.
  static func isSaid(
    alone: [Float], asked: [Float], in lines: [[Float]], _ bounds: Bounds
  ) -> Bool {
    func most(_ vector: [Float]) -> Float {
      lines.reduce(0) { most, line in
        max(most, zip(line, vector).reduce(0) { $0 + $1.0 * $1.1 })
      }
    }
    return most(alone) >= bounds.alone && most(asked) >= bounds.asked
  }
}
