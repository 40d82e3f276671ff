// Places, token bound and names of chunks. Where the cuts fall is RecursiveSplitterTests' matter.

import ChunkStage
import Corpus
import Foundation
import Testing

@Suite struct ChunkerTests {
  /// A document with the given text; the rest of its description does not matter here.
  private static func document(
    _ text: String, headings: [AnchoredText.Heading] = [], pages: [AnchoredText.Mark] = [],
    times: [AnchoredText.Mark] = [], id: DocumentID = DocumentID(unchecked: "doc1")
  ) -> Document {
    Document(
      description: DocumentDescription(
        document: id, source: SourceID(unchecked: "src1"), uri: "a.txt", title: "A", language: "en",
        mediaType: "text/plain", rawDigest: "sha256:0", textDigest: "0"),
      content: AnchoredText(text: text, headings: headings, pages: pages, times: times))
  }

  /// A chunker that counts words as tokens.
  private static func chunker(size: Int = 1000, overlap: Int = 200, maxTokens: Int = 512) -> Chunker
  {
    Chunker(size: size, overlap: overlap, maxTokens: maxTokens) { text in
      text.split(whereSeparator: \.isWhitespace).count
    }
  }

  /// A chunker that counts every scalar as a token.
  private static func perScalar(maxTokens: Int) -> Chunker {
    Chunker(maxTokens: maxTokens) { $0.unicodeScalars.count }
  }

  private static func check(
    _ chunks: [Chunk], areSlicesOf text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let scalars = Array(text.unicodeScalars)
    for chunk in chunks {
      var view = String.UnicodeScalarView()
      let end = chunk.offset + chunk.text.unicodeScalars.count
      view.append(contentsOf: scalars[chunk.offset..<end])
      #expect(chunk.text == String(view), sourceLocation: sourceLocation)
    }
    #expect(chunks.map(\.ordinal) == Array(0..<chunks.count), sourceLocation: sourceLocation)
    #expect(chunks.allSatisfy { $0.count == chunks.count }, sourceLocation: sourceLocation)
  }

  @Test func `chunks are numbered slices of the text with their tokens`() {
    let text = (1...300).map { "word\($0)" }.joined(separator: " ")
    let chunks = Self.chunker(size: 100, overlap: 20).chunks(of: Self.document(text))
    Self.check(chunks, areSlicesOf: text)
    #expect(chunks.count > 20)
    #expect(chunks[0].tokens == chunks[0].text.split(separator: " ").count)
    #expect(chunks[0].description.uri == "a.txt")
  }

  @Test func `a document of white space has no chunks`() {
    #expect(Self.chunker().chunks(of: Self.document(" \n\n ")).isEmpty)
  }

  // MARK: Tokens

  @Test func `a piece with too many tokens is halved until it fits and nothing is lost`() {
    let text = String(repeating: "車輪自転車港町", count: 130)
    let chunks = Self.perScalar(maxTokens: 300).chunks(of: Self.document(text))
    Self.check(chunks, areSlicesOf: text)
    #expect(chunks.allSatisfy { $0.tokens <= 300 })
    #expect(chunks.map(\.text).joined() == text)
  }

  @Test func `a half ends at a sentence where there is one near the middle`() {
    let text = String(repeating: "車", count: 60) + "。" + String(repeating: "港", count: 70)
    let chunks = Self.perScalar(maxTokens: 100).chunks(of: Self.document(text))
    #expect(chunks.count == 2)
    #expect(chunks[0].text.hasSuffix("。"))
    #expect(chunks[1].offset == 61)
  }

  @Test func `halves lose the white space between them and keep true offsets`() {
    let text = String(repeating: "a", count: 30) + " \n " + String(repeating: "b", count: 30)
    let chunks = Self.perScalar(maxTokens: 40).chunks(of: Self.document(text))
    Self.check(chunks, areSlicesOf: text)
    #expect(chunks.map(\.offset) == [0, 33])
    #expect(chunks.map(\.tokens) == [30, 30])
  }

  @Test func `an emoji of several scalars is not cut where another border is near`() {
    let family = "👨‍👩‍👧‍👦"
    let text = String(repeating: family, count: 9)
    let chunks = Self.perScalar(maxTokens: 40).chunks(of: Self.document(text))
    #expect(chunks.count == 2)
    #expect(chunks.allSatisfy { $0.text.unicodeScalars.count % 7 == 0 })
  }

  @Test(arguments: [0, 1, -3])
  func `a bound that nothing meets ends at single scalars`(maxTokens: Int) {
    let chunks = Self.perScalar(maxTokens: maxTokens).chunks(of: Self.document("abc déf"))
    #expect(chunks.map(\.text) == ["a", "b", "c", "d", "é", "f"])
    #expect(chunks.map(\.offset) == [0, 1, 2, 4, 5, 6])
  }

  // MARK: Places

  @Test func `a chunk has the page it begins on and the page it ends on`() {
    let page = String(repeating: "x", count: 58) + "\n\n"
    let text = page + page + page
    let marks = [(0, 1), (60, 2), (120, 3)].map { AnchoredText.Mark(offset: $0.0, number: $0.1) }
    let chunks = Self.chunker(size: 130, overlap: 0).chunks(of: Self.document(text, pages: marks))
    #expect(chunks.map(\.place.page) == [1, 3])
    #expect(chunks.map(\.place.lastPage) == [2, nil])
  }

  @Test func `a page that begins where a chunk ends is not the chunk's`() {
    let marks = [(0, 7), (5, 8)].map { AnchoredText.Mark(offset: $0.0, number: $0.1) }
    let chunks = Self.chunker(size: 7, overlap: 0).chunks(
      of: Self.document("aaaaa bbbbb", pages: marks))
    #expect(chunks.map(\.place.page) == [7, 8])
    #expect(chunks.map(\.place.lastPage) == [nil, nil])
  }

  @Test func `a recording's chunk has the second it begins at`() {
    let marks = [(0, 0), (6, 12), (12, 30)].map { AnchoredText.Mark(offset: $0.0, number: $0.1) }
    let chunks = Self.chunker(size: 6, overlap: 0).chunks(
      of: Self.document("aaaaa bbbbb ccccc", times: marks))
    #expect(chunks.map(\.place.second) == [0, 12, 30])
    #expect(chunks.allSatisfy { $0.place.page == nil })
  }

  @Test func `the heading path is that of the first text the chunk adds`() {
    let text = "Alpha\n\naaaa aaaa\n\nBeta\n\nbbbb bbbb\n\nGamma\n\ncccc cccc"
    let headings = [("Alpha", 0, 1), ("Beta", 18, 2), ("Gamma", 35, 1)].map {
      AnchoredText.Heading(offset: $0.1, level: $0.2, title: $0.0)
    }
    let document = Self.document(text, headings: headings)
    let apart = Self.chunker(size: 18, overlap: 0).chunks(of: document)
    #expect(apart.map(\.text) == ["Alpha\n\naaaa aaaa", "Beta\n\nbbbb bbbb", "Gamma\n\ncccc cccc"])
    #expect(apart.map(\.place.headingPath) == [["Alpha"], ["Alpha", "Beta"], ["Gamma"]])
    // With overlap the second chunk begins in the first section, and what it adds is the second's.
    let overlapping = Self.chunker(size: 18, overlap: 11).chunks(of: document)
    #expect(overlapping[1].text == "aaaa aaaa\n\nBeta")
    #expect(overlapping[1].place.headingPath == ["Alpha", "Beta"])
    #expect(overlapping.last?.place.headingPath == ["Gamma"])
  }

  @Test func `a heading followed only by a deeper heading gives way to it`() {
    let headings = [("Guide", 0, 1), ("Brakes", 7, 2), ("Pads", 40, 3)].map {
      AnchoredText.Heading(offset: $0.1, level: $0.2, title: $0.0)
    }
    let text = "Guide\n\nBrakes\n\nThey stop the wheel.   \n\nPads\n\nThin ones are replaced."
    let chunks = Self.chunker().chunks(of: Self.document(text, headings: headings))
    #expect(chunks.map(\.place.headingPath) == [["Guide", "Brakes"]])
  }

  @Test func `anchors that follow no rule give some place and no trap`() {
    let headings = [(Int.max, 1), (-4, 9), (Int.min, -2), (3, 2)].map {
      AnchoredText.Heading(offset: $0.0, level: $0.1, title: "h")
    }
    let marks = [(Int.max, 5), (Int.min, Int.min), (2, 2)].map {
      AnchoredText.Mark(offset: $0.0, number: $0.1)
    }
    let chunks = Self.chunker(size: 5, overlap: 2).chunks(
      of: Self.document("aaaa bbbb cccc", headings: headings, pages: marks, times: marks))
    #expect(chunks.count == 3)
  }

  // MARK: Names

  @Test func `a chunk's name is the base32 of its digest`() {
    // printf 'doc1\n0\nhello' | sha256sum | xxd -r -p | base32, the first 26 letters in lower case.
    let id = Chunker.id(of: DocumentID(unchecked: "doc1"), ordinal: 0, text: "hello")
    #expect(id.text == "mwzeal5nx3t6afh7xu5z7ou7eg")
    #expect(ChunkID(id.text) == id)
  }

  @Test func `the name changes with the document, the ordinal and the text`() {
    let one = DocumentID(unchecked: "doc1")
    let names: Set = [
      Chunker.id(of: one, ordinal: 0, text: "a"), Chunker.id(of: one, ordinal: 1, text: "a"),
      Chunker.id(of: one, ordinal: 0, text: "b"),
      Chunker.id(of: DocumentID(unchecked: "doc2"), ordinal: 0, text: "a"),
    ]
    #expect(names.count == 4)
  }

  @Test func `a chunk knows where page and heading change inside it`() {
    let text = "# One\n\nalpha beta\n\n## Two\n\ngamma delta\n\n# Three\n\nepsilon"
    func offset(_ word: String) -> Int {
      let range = text.range(of: word) ?? text.startIndex..<text.startIndex
      return text.unicodeScalars.distance(from: text.startIndex, to: range.lowerBound)
    }
    let chunks = Self.chunker().chunks(
      of: Self.document(
        text,
        headings: [
          .init(offset: 0, level: 1, title: "One"),
          .init(offset: offset("## Two"), level: 2, title: "Two"),
          .init(offset: offset("# Three"), level: 1, title: "Three"),
        ], pages: [.init(offset: 0, number: 4), .init(offset: offset("delta"), number: 5)]))
    #expect(chunks.count == 1)
    for (word, page, path) in [
      ("alpha", 4, ["One"]), ("gamma", 4, ["One", "Two"]), ("delta", 5, ["One", "Two"]),
      ("epsilon", 5, ["Three"]),
    ] {
      let place = chunks[0].changes.place(at: offset(word))
      #expect(place?.page == page && place?.headingPath == path, "\(word)")
    }
  }

  @Test func `overlapping chunks agree on the place of the text they share`() {
    let lines = (0..<60).map { "Line \($0) of a text that goes on." }
    let text = lines.joined(separator: "\n")
    var headings: [AnchoredText.Heading] = []
    var offset = 0
    for (index, line) in lines.enumerated() {
      if index % 7 == 0 { headings.append(.init(offset: offset, level: 1, title: "H\(index)")) }
      offset += line.unicodeScalars.count + 1
    }
    let chunks = Self.chunker(size: 300, overlap: 100).chunks(
      of: Self.document(text, headings: headings))
    #expect(chunks.count > 5)
    for chunk in chunks {
      for position in 0..<chunk.text.unicodeScalars.count {
        let expected = headings.last { $0.offset <= chunk.offset + position }?.title
        #expect(chunk.changes.place(at: position)?.headingPath == [expected].compactMap { $0 })
      }
    }
  }
}
