import Corpus
import Embedding
import Synchronization
import Testing

@testable import Answering

@Suite struct SentenceVectorsTests {
  final class Asked: Sendable {
    let texts = Mutex<[String]>([])

    var embedder: Embedder {
      Embedder(
        model: EmbeddingModel(name: "t", identity: "t/1", dimension: 1, maxTokens: 9),
        embed: { (texts: [String]) async throws(EmbeddingError) -> [[Float]] in
          self.texts.withLock { $0 += texts }
          return texts.map { [Float($0.utf8.count)] }
        }, countTokens: { $0.utf8.count })
    }
  }

  let asked = Asked()
  let one = ChatbotID(unchecked: "one")

  func ask(_ vectors: SentenceVectors, _ texts: [String], _ bot: ChatbotID) async throws
    -> [[Float]]
  {
    try await vectors.vectors(of: texts, for: bot, by: asked.embedder)
  }

  @Test func `what was embedded is not embedded again and comes in the order asked`() async throws {
    let vectors = SentenceVectors()
    #expect(try await ask(vectors, ["aa", "b"], one) == [[2], [1]])
    #expect(try await ask(vectors, ["ccc", "b", "aa"], one) == [[3], [1], [2]])
    #expect(asked.texts.withLock { $0 } == ["aa", "b", "ccc"])
  }

  @Test func `chatbots do not share`() async throws {
    let vectors = SentenceVectors()
    _ = try await ask(vectors, ["aa"], one)
    _ = try await ask(vectors, ["aa"], ChatbotID(unchecked: "two"))
    #expect(asked.texts.withLock { $0 } == ["aa", "aa"])
  }

  @Test func `the number kept is bounded and the latest stay`() async throws {
    let vectors = SentenceVectors(limit: 10)
    for number in 0..<50 { _ = try await ask(vectors, ["text \(number)"], one) }
    asked.texts.withLock { $0 = [] }
    _ = try await ask(vectors, ["text 49"], one)
    #expect(asked.texts.withLock { $0.isEmpty })
    _ = try await ask(vectors, ["text 0"], one)
    #expect(asked.texts.withLock { $0 } == ["text 0"])
  }
}
