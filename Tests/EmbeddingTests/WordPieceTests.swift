// The tokenizer against the reference: every line of tokens.jsonl, and what the reference cannot
// say (limits).

import Embedding
import Testing

@Suite struct WordPieceTests {
  struct Line: Decodable {
    let text: String
    let ids: [Int32]

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      text = try container.decode(String.self)
      ids = try container.decode([Int32].self)
    }
  }

  let tokenizer: WordPiece

  init() throws {
    tokenizer = try MiniLM.loadTokenizer(directory: Fixture.modelDirectory)
  }

  @Test func `every text of the fixture has the ids of the reference`() throws {
    let lines = try Fixture.lines("tokens.jsonl", as: Line.self)
    #expect(lines.count >= 2000)
    for line in lines {
      let scalars = line.text.unicodeScalars.map { String($0.value, radix: 16) }
      #expect(tokenizer.encode(line.text) == line.ids, "\(scalars)")
    }
  }

  @Test func `the limit keeps the beginning and both special tokens`() {
    let text = Array(repeating: "unbelievable", count: 50).joined(separator: " ")
    let whole = tokenizer.encode(text)
    for limit in [2, 3, 7, whole.count - 1, whole.count, whole.count + 1] {
      let cut = tokenizer.encode(text, limit: limit)
      #expect(cut.count == min(limit, whole.count))
      #expect(cut.dropLast() == whole.prefix(cut.count - 1))
      #expect(cut.last == tokenizer.special.end)
    }
  }

  @Test func `a limit below two still gives both special tokens`() {
    #expect(tokenizer.encode("word", limit: 0) == [tokenizer.special.start, tokenizer.special.end])
  }

  @Test func `text in a foreign representation has the same ids`() {
    // A substring and a lazily bridged or non-contiguous string take other paths to their bytes.
    let text = "prefix Crème brûlée suffix"
    let part = String(text.dropFirst(7).dropLast(7))
    #expect(tokenizer.encode(part) == tokenizer.encode("Crème brûlée"))
  }
}
