import Corpus
import Testing

@testable import Answering

/// Citations that the text supports stay, others go, missing ones come.
@Suite struct CitedTextTests {
  private static let texts = [
    "A rain cover for the box costs 129 euros in every shop.",
    "The lock is opened with the small key, which hangs in the workshop.",
  ]

  private func cited(_ pieces: [String]) async throws -> String {
    let shards = try TestShards()
    let shard = try await shards.write([TestDocument(source: "public", chunks: Self.texts)])
    var cited = CitedText(
      passageCount: 2,
      support: try Support(passages: try Self.texts.map { try citable($0) }, shard: shard))
    return pieces.reduce("") { $0 + cited.feed($1) } + cited.finish()
  }

  static let cases: [(String, String)] = [
    ("The cover costs 129 euros [1].", "The cover costs 129 euros [1]."),
    // The passage says another figure, or another thing.
    ("The cover costs 149 euros [1].", "The cover costs 149 euros."),
    ("The cover costs 129 euros [2].", "The cover costs 129 euros. [1]"),
    ("The moon is made of green cheese [1].", "The moon is made of green cheese."),
    ("The cover costs 129 euros [1][2].", "The cover costs 129 euros [1]."),
    // One that plainly comes from a passage and says so nowhere.
    (
      "The rain cover for the box costs 129 euros. The lock opens with the small key in the workshop.",
      "The rain cover for the box costs 129 euros. [1] The lock opens with the small key in the workshop. [2]"
    ),
    ("Hello! How are you today, my friend?", "Hello! How are you today, my friend?"),
    (
      "It costs 129 euros. [1] The key hangs in the workshop. [2]",
      "It costs 129 euros. [1] The key hangs in the workshop. [2]"
    ),
    ("It costs 129.00 euros [1], e.g. there.", "It costs 129.00 euros, e.g. there."),
    ("", ""), ("[1]", ""), ("  \n ", "  \n "),
  ]

  @Test(arguments: cases) func `a citation stands where the text supports it`(
    text: String, shown: String
  ) async throws {
    #expect(try await cited([text]) == shown)
    for size in [1, 3, 7] {
      var pieces: [String] = []
      var rest = text[...]
      while !rest.isEmpty {
        pieces.append(String(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      #expect(try await cited(pieces) == shown)
    }
  }

  @Test func `in another language than the passage's the model's citation stands`() async throws {
    let text =
      "Der Regenschutz für die Kiste ist in jedem Laden für 129 Euro zu haben, und das gilt auch für Sie [1]."
    #expect(try await cited([text]) == text)
  }

  @Test func `a message comes apart into sentences with their numbers`() {
    let sentences = CitedSentence.all(
      in: "It costs 129 euros [1]. The key hangs there. It is small. [2][1] Ask us.")
    #expect(sentences.map(\.numbers) == [[1], [], [2, 1], []])
    #expect(sentences.map(\.text).last == "Ask us.")
  }
}
