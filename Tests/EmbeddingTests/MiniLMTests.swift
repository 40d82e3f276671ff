// The model against vectors of an f64 forward pass, on every rung this machine has, and the rules
// of a call.

import FoundationEssentials
import Testing

@testable import Embedding

@Suite struct MiniLMTests {
  struct Line: Decodable {
    let text: String
    let vector: Data

    /// The reference vector.
    var numbers: [Float] {
      vector.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map {
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
        }
      }
    }
  }

  static let rungs = KernelRung.allCases.filter(\.isAvailable)

  @Test(arguments: rungs)
  func `every text is within cosine 0·9999 of the reference`(rung: KernelRung) async throws {
    let lines = try Fixture.lines("vectors.jsonl", as: Line.self)
    #expect(lines.count >= 48)
    let vectors = try await Fixture.embedder(rung).embed(lines.map(\.text))
    for (line, vector) in zip(lines, vectors) {
      #expect(vector.count == 384)
      #expect(abs(cosine(vector, vector) - 1) < 1e-5)
      #expect(cosine(vector, line.numbers) > (rung == .bf16 ? 0.9999 : 0.999999), "\(line.text)")
    }
  }

  @Test(arguments: rungs)
  func `a text has the same vector alone as in company`(rung: KernelRung) async throws {
    // Short texts: the scalar rung is a twentieth as fast as the best.
    let texts = try Fixture.lines("vectors.jsonl", as: Line.self).map(\.text)
      .filter { $0.utf8.count < 200 }
    let embedder = try Fixture.embedder(rung)
    let together = try await embedder.embed(texts)
    for (text, vector) in zip(texts, together) {
      let alone = try await embedder.embed([text])
      #expect(alone.count == 1)
      #expect(cosine(alone.first ?? [], vector) > 0.99999)
    }
  }

  @Test func `answers come in the order of the texts, whatever their lengths`() async throws {
    let embedder = try Fixture.embedder()
    let texts = (0..<200).map { number in
      String(repeating: "item \(number) ", count: 1 + (number * 37) % 60)
    }
    let vectors = try await embedder.embed(texts)
    #expect(vectors.count == texts.count)
    for index in stride(from: 0, to: texts.count, by: 13) {
      let alone = try await embedder.embed([texts[index]])
      #expect(cosine(alone.first ?? [], vectors[index]) > 0.99999, "text \(index)")
    }
  }

  @Test func `no texts give no vectors`() async throws {
    #expect(try await Fixture.embedder().embed([]).isEmpty)
  }

  @Test func `a text beyond the limit is embedded by its beginning`() async throws {
    let embedder = try Fixture.embedder()
    let long = String(repeating: "word ", count: 600)
    #expect(embedder.countTokens(long) == 602)
    let vectors = try await embedder.embed([long, String(repeating: "word ", count: 510)])
    #expect(cosine(vectors[0], vectors[1]) > 0.99999)
  }

  @Test func `many calls at once each get their own vectors`() async throws {
    let embedder = try Fixture.embedder()
    let texts = (0..<40).map { "call number \($0)" }
    let expected = try await embedder.embed(texts)
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for (index, text) in texts.enumerated() {
        group.addTask { (index, try await embedder.embed([text]).first ?? []) }
      }
      for try await (index, vector) in group {
        #expect(cosine(vector, expected[index]) > 0.99999)
      }
    }
  }

  @Test func `a cancelled call ends with its error`() async throws {
    let embedder = try Fixture.embedder()
    let texts = Array(repeating: String(repeating: "slow words ", count: 200), count: 64)
    let task = Task { () -> EmbeddingError? in
      do throws(EmbeddingError) {
        _ = try await embedder.embed(texts)
        return nil
      } catch { return error }
    }
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test func `near questions are near and far ones are far`() async throws {
    let vectors = try await Fixture.embedder().embed([
      "How long does a refund take?", "Refunds reach your account within five working days.",
      "The violin was tuned a quarter tone too low.",
    ])
    #expect(cosine(vectors[0], vectors[1]) > 0.6)
    #expect(cosine(vectors[0], vectors[2]) < 0.2)
  }

  @Test func `batches hold every text once and never more tokens than the limit`() {
    let sequences = (0..<100).map {
      (index: $0, ids: [Int32](repeating: Int32($0), count: 1 + ($0 * 53) % 512))
    }
    let batches = EncoderWorkers.batches(sequences, limit: 512)
    #expect(batches.flatMap(\.indices).sorted() == Array(0..<100))
    for batch in batches {
      #expect(batch.ids.count <= 512)
      #expect(
        batch.ids
          == zip(batch.indices, batch.lengths).flatMap {
            [Int32](repeating: Int32($0), count: Int($1))
          })
    }
  }
}
