// The splitter against what LangChain gave (fixtures/chunk, made by its make.py), and its own promises on any input.

import ChunkStage
import Foundation
import Testing

@Suite struct RecursiveSplitterTests {
  private struct SampleText: Decodable {
    let name: String
    let text: String
  }

  private struct Expectation: Decodable {
    let version: String
    let cases: [Case]

    struct Case: Decodable {
      let text: String
      /// How much of the text was split.
      let scalars: Int
      let size: Int
      let overlap: Int
      /// Offset, length, offset, length, and so on, in Unicode scalars.
      let chunks: [Int]
    }
  }

  /// The fixture folder of this area, found from this file upward.
  private static func fixture(_ name: String) throws -> Data {
    var folder = URL(filePath: #filePath).deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.appending(path: "fixtures/chunk").path),
      folder.pathComponents.count > 1
    {
      folder.deleteLastPathComponent()
    }
    return try Data(contentsOf: folder.appending(path: "fixtures/chunk").appending(path: name))
  }

  private static func slice(_ text: [Unicode.Scalar], _ offset: Int, _ length: Int) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: text[offset..<offset + length])
    return String(view)
  }

  @Test func `every chunk of every fixture text is that of LangChain`() throws {
    let decoder = JSONDecoder()
    let texts = try decoder.decode([SampleText].self, from: Self.fixture("texts.json"))
    let expectation = try decoder.decode(Expectation.self, from: Self.fixture("expected.json"))
    let scalars = Dictionary(
      uniqueKeysWithValues: texts.map { ($0.name, Array($0.text.unicodeScalars)) })
    #expect(texts.count >= 50)
    #expect(expectation.cases.count >= 200)
    for wanted in expectation.cases {
      let whole = try #require(scalars[wanted.text])
      let text = Self.slice(whole, 0, wanted.scalars)
      let pieces = RecursiveSplitter(size: wanted.size, overlap: wanted.overlap).pieces(of: text)
      let name: Comment = "\(wanted.text), \(wanted.size)/\(wanted.overlap)"
      #expect(pieces.flatMap { [$0.offset, $0.length] } == wanted.chunks, name)
      let isSlice = pieces.allSatisfy {
        $0.text.utf8.elementsEqual(Self.slice(whole, $0.offset, $0.length).utf8)
      }
      #expect(isSlice, name)
    }
  }

  @Test func `two short paragraphs share a piece and keep their blank line`() {
    let pieces = RecursiveSplitter(size: 20, overlap: 5).pieces(of: "one two\n\nthree")
    #expect(pieces.map(\.text) == ["one two\n\nthree"])
  }

  @Test func `a piece repeats whole words up to the overlap`() {
    let pieces = RecursiveSplitter(size: 11, overlap: 6).pieces(of: "aaaa bbbb cccc dddd")
    #expect(pieces.map(\.text) == ["aaaa bbbb", "bbbb cccc", "cccc dddd"])
    #expect(pieces.map(\.offset) == [0, 5, 10])
  }

  @Test func `a carriage return does not hide a blank line`() {
    let pieces = RecursiveSplitter(size: 6, overlap: 0).pieces(of: "aaaa\r\n\nbbbb\r\ncccc")
    #expect(pieces.map(\.text) == ["aaaa", "bbbb", "cccc"])
    #expect(pieces.map(\.offset) == [0, 7, 13])
  }

  @Test func `lengths are scalars and not graphemes or bytes`() {
    // One grapheme of seven scalars, 25 bytes.
    let family = "👨‍👩‍👧‍👦"
    let pieces = RecursiveSplitter(size: 9, overlap: 0).pieces(of: family + " " + family)
    #expect(pieces.map(\.length) == [7, 7])
    #expect(pieces.map(\.offset) == [0, 8])
  }

  @Test func `offsets are true where the same words stand earlier`() {
    let text = String(repeating: "tick ", count: 40)
    let pieces = RecursiveSplitter(size: 6, overlap: 0).pieces(of: text)
    #expect(pieces.count == 40)
    #expect(pieces.map(\.offset) == (0..<40).map { $0 * 5 })
  }

  @Test(arguments: ["\u{1C}", "\u{1F}", "\u{85}", "\u{A0}", "\u{2003}", "\u{2029}", "\u{3000}"])
  func `white space of Python is taken off both ends`(space: String) {
    let pieces = RecursiveSplitter().pieces(of: space + "word" + space + space)
    #expect(pieces.map(\.text) == ["word"])
    #expect(pieces.map(\.offset) == [1])
  }

  @Test(arguments: ["\u{200B}", "\u{FEFF}", "\u{2060}", "\u{1B}"])
  func `what Python does not take off stays`(mark: String) {
    let pieces = RecursiveSplitter().pieces(of: mark + "word" + mark)
    #expect(pieces.map(\.text) == [mark + "word" + mark])
  }

  @Test(arguments: ["", " ", "\n\n \t\r\n", "\u{3000}\u{2028}"])
  func `white space alone gives nothing`(text: String) {
    #expect(RecursiveSplitter().pieces(of: text).isEmpty)
  }

  @Test(arguments: [(0, 0), (-5, 3), (10, 50), (10, -1), (Int.max, Int.max), (Int.max, 0)])
  func `any setting splits without a trap`(size: Int, overlap: Int) {
    let splitter = RecursiveSplitter(size: size, overlap: overlap)
    let pieces = splitter.pieces(of: String(repeating: "word é\n\n車 ", count: 30))
    #expect(!pieces.isEmpty)
    #expect(pieces.allSatisfy { $0.length <= splitter.size })
    #expect(splitter.overlap <= splitter.size)
  }

  @Test func `a string that is not yet UTF-8 splits the same`() {
    let text = String(repeating: "größer 車 ", count: 300)
    let bridged = String(decoding: Array(text.utf16), as: UTF16.self)
    #expect(RecursiveSplitter().pieces(of: bridged) == RecursiveSplitter().pieces(of: text))
  }
}
