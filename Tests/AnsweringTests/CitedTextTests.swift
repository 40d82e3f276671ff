import Corpus
import Embedding
import Testing
import VectorShard

@testable import Answering

/// Citations that the text supports stay, others go, missing ones come.
@Suite struct CitedTextTests {
  private static let texts = [
    "A rain cover for the box costs 129 euros in every shop.",
    "The lock is opened with the small key, which hangs in the workshop.",
  ]

  private func cited(
    _ pieces: [String], texts: [String] = texts, language: String? = "en",
    meaning: SentenceMeaning? = nil, noAnswerText: String = ""
  ) async throws -> String {
    let shards = try TestShards()
    let shard = try await shards.write([TestDocument(source: "public", chunks: texts)])
    var cited = CitedText(
      passageCount: texts.count,
      support: try Support(
        passages: texts.map { (try citable($0, language: language), [$0]) }, words: try shard.words,
        meaning: meaning), noAnswerText: noAnswerText)
    var shown = ""
    for piece in pieces { shown += await cited.feed(piece) }
    return shown + (await cited.finish())
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
    // An abbreviation ends no sentence; a figure in words is one.
    (
      "The rain cover, i.e. the one for the box, costs 129 euros in a shop.",
      "The rain cover, i.e. the one for the box, costs 129 euros in a shop. [1]"
    ),
    (
      "A rain cover for the box costs ninety euros in every shop.",
      "A rain cover for the box costs ninety euros in every shop."
    ),
    ("The cover costs one hundred euros [1].", "The cover costs one hundred euros."),
    ("Hello! How are you today, my friend?", "Hello! How are you today, my friend?"),
    (
      "It costs 129 euros. [1] The key hangs in the workshop. [2]",
      "It costs 129 euros. [1] The key hangs in the workshop. [2]"
    ),
    ("It costs 129.00 euros [1], e.g. there.", "It costs 129.00 euros [1], e.g. there."),
    ("It costs 129.50 euros [1], e.g. there.", "It costs 129.50 euros, e.g. there."),
    // Code is left alone, and may be cited below.
    (
      "So:\n```sh\nA rain cover for the box costs 129 euros\nx[12]\n```\nThe rain cover for the box costs 129 euros.",
      "So:\n```sh\nA rain cover for the box costs 129 euros\nx[12]\n```\nThe rain cover for the box costs 129 euros. [1]"
    ),
    (
      "```\nA rain cover for the box costs 129 euros\n```\n[1]",
      "```\nA rain cover for the box costs 129 euros\n```\n[1]"
    ),
    (
      "```\nA rain cover for the box costs 149 euros\n```\n[1]",
      "```\nA rain cover for the box costs 149 euros\n```\n"
    ),
    (
      "The `rain.cover box` costs 129 euros [2].", "The `rain.cover box` costs 129 euros. [1]"
    ),
    // Two statements of one sentence, each with its own; and both at its end.
    (
      "The rain cover costs 129 euros [1] and the small key hangs in the workshop [2].",
      "The rain cover costs 129 euros [1] and the small key hangs in the workshop [2]."
    ),
    (
      "The rain cover costs 129 euros, and the small key hangs in the workshop. [1][2]",
      "The rain cover costs 129 euros, and the small key hangs in the workshop. [1][2]"
    ),
    (
      "The rain cover costs 129 euros [2] and the small key hangs in the workshop [1].",
      "The rain cover costs 129 euros and the small key hangs in the workshop."
    ),
    (
      "The rain cover costs 129 euros, and the small key hangs in the workshop [2], [1].",
      "The rain cover costs 129 euros, and the small key hangs in the workshop [2][1]."
    ),
    ("It costs 129 euros [1] , or so they say.", "It costs 129 euros [1] , or so they say."),
    ("It costs 129 euros [1], [9].", "It costs 129 euros [1]."),
    ("It costs 129 euros [9], [1].", "It costs 129 euros [1]."),
    ("It is far from here [9], and so on.", "It is far from here, and so on."),
    ("The cover costs 129 euros【1】.", "The cover costs 129 euros[1]."),
    ("| Rain cover for the box | Price |", "| Rain cover for the box | Price |"),
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

  @Test
  func
    `figures of one sentence may stand in two passages, and one with another figure does not stand beside`()
    async throws
  {
    let texts = [
      "The cargo bike costs 2400 euros in the shop of the harbour.",
      "The cargo bike weighs 34 kilograms without its battery.",
      "The cargo bike costs 2900 euros in the shop of the harbour.",
    ]
    let both = "The cargo bike costs 2400 euros and weighs 34 kilograms"
    for (marks, shown) in [
      ("[1][2]", "[1][2]"), ("[2][1]", "[2][1]"), ("[1, 2]", "[1][2]"), ("[2], [1]", "[2][1]"),
      ("[1][3][2]", "[1][2]"), ("[3]", ""), ("[1]", ""), ("[3][2]", ""),
    ] {
      let expected = shown.isEmpty ? "\(both)." : "\(both) \(shown)."
      #expect(try await cited(["\(both) \(marks)."], texts: texts) == expected, "\(marks)")
    }
    let price = "The cargo bike costs 2400 euros in the harbour"
    #expect(try await cited(["\(price) [3][1]."], texts: texts) == "\(price) [1].")
    // In another language, too, each needs a figure.
    let german =
      "Das Lastenrad kostet in dem Laden an dem Hafen 2400 Euro, und das ist der Preis für alle"
    #expect(try await cited(["\(german) [3][1]."], texts: texts) == "\(german) [1].")
  }

  @Test func `not found gets no mark, whatever words a passage has`() async throws {
    let noAnswer = "Sorry. The lock is opened with the small key, which hangs in the workshop."
    #expect(try await cited([noAnswer], noAnswerText: noAnswer) == noAnswer)
    #expect(try await cited([noAnswer]) != noAnswer)
  }

  @Test func `code has no citations when a message is taken apart`() {
    let found = CitedSentence.all(in: "Use `argv[1]` here. [2] Done.\n```\nx[3]\n```")
    #expect(found.map(\.numbers).flatMap(\.self) == [2])
    #expect(found.first?.text == "Use `argv[1]` here.")
  }

  @Test func `in another language than the passage's the model's citation stands`() async throws {
    let text =
      "Der Regenschutz für die Kiste ist in jedem Laden für 129 Euro zu haben, und das gilt auch für Sie [1]."
    #expect(try await cited([text]) == text)
  }

  @Test func `figures are told apart in any language, and a page may declare what it is not`()
    async throws
  {
    let wrong =
      "Der Regenschutz für die Kiste ist in jedem Laden für 149 Euro zu haben, und das gilt auch für Sie"
    #expect(try await cited(["\(wrong) [1]."]) == "\(wrong).")
    let nonsense = "The moon is made of green cheese, and that is what all of us know about it"
    for language in ["de", "en", nil] {
      #expect(
        try await cited(["\(nonsense) [1]."], language: language) == "\(nonsense).",
        "\(language ?? "")")
    }
  }

  @Test func `a figure is the same in digits and in words`() {
    #expect(
      Figures.written(in: "1,250.50 or 32.00, at 7:30 on 3.5.") == ["12505", "32", "7", "30", "35"])
    #expect(Figures.written(in: "1.250 and 1,250,000 and 2.0") == ["1250", "1250000", "2"])
    #expect(Figures.all(in: "Two weeks, zwölf Tage, trois jours.") == ["2", "12", "3"])
    #expect(
      Figures.all(
        in: "Dix-sept jours, soixante-dix, soixante-quinze ou quatre-vingt-cinq.", language: "fr")
        == ["17", "70", "75", "85"])
    #expect(
      Figures.all(in: "Twenty-five days, once, a two-week wait.", language: "en") == ["25", "2"])
    #expect(Figures.all(in: "once días", language: "es") == ["11"])
    #expect(Figures.all(in: "two hundred and fifty", language: "en").contains("250"))
    for (text, figures) in [
      ("ninety minutes", ["90"]), ("two to three weeks", ["2", "3"]), ("one of them", []),
      ("two hundred and fifty euros and ten cents", ["250", "10"]),
      ("twelve hundred, a hundred and a thousand", ["1200", "100", "1000"]),
      ("twenty-five thousand three hundred and six", ["25306"]),
      ("thirty, forty and fifty", ["30", "40", "50"]), ("fifty and two", ["50", "2"]),
      ("seven nine", ["7", "9"]), ("a 2 week wait of fourteen days", ["2", "14"]),
    ] {
      #expect(Figures.said(in: text, language: "en") == figures, "\(text)")
    }
    #expect(Figures.said(in: "nach zwölf Tagen, eins von ihnen", language: "de") == ["12"])
  }

  @Test func `what is said in other words is told by vectors, where a model's bounds are known`()
    async throws
  {
    // Vectors by hand: what is said of the cover in other words lies near its line.
    let embedder = Embedder(
      model: HashingEmbedder.model,
      embed: { texts in
        texts.map { text in
          text.contains("protection") || text.contains("cover") ? [0.9, 0.43] : [0, 1]
        }
      }, countTokens: { $0.count })
    func meaning(_ alone: Float) -> SentenceMeaning {
      SentenceMeaning(
        question: "What does it cost?", chatbot: ChatbotID(unchecked: "bot"), embedder: embedder,
        memory: SentenceVectors(), bounds: .init(alone: alone, asked: 0.55))
    }
    let said = "Buyers pay 129 for protection against wet weather"
    #expect(try await cited(["\(said) [1]."]) == "\(said).")
    #expect(try await cited(["\(said) [1]."], meaning: meaning(0.4)) == "\(said) [1].")
    #expect(try await cited(["\(said) [2]."], meaning: meaning(0.4)) == "\(said).")
    #expect(try await cited(["\(said) [1]."], meaning: meaning(1.1)) == "\(said).")
    // A figure that is not there is not there in other words either.
    let false129 = said.replacing("129", with: "192")
    #expect(try await cited(["\(false129) [1]."], meaning: meaning(0.4)) == "\(false129).")
  }

  @Test func `a message comes apart into sentences with their numbers`() {
    let sentences = CitedSentence.all(
      in: "It costs 129 euros [1]. The key hangs there. It is small. [2][1] Ask us.")
    #expect(sentences.map(\.numbers) == [[1], [], [2, 1], []])
    #expect(sentences.map(\.text).last == "Ask us.")
    let apart = CitedSentence.all(in: "The key hangs there [1], [2]. It is small. [1]. [3]")
    #expect(apart.map(\.numbers) == [[1, 2], [1, 3]])
  }
}
