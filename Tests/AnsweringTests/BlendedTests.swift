// The blended mode: private passages inform, and nothing of them comes out, whatever a model does; what the gate stops is replaced
// by the answer that the strict mode would give, without a sign.

import AnswerGuard
import Corpus
import Embedding
import FoundationEssentials
import Synchronization
import Testing

@testable import Answering

@Suite struct BlendedTests {
  private static let code = "QUARTZ-7741"
  private static let secret =
    "A shop assistant may take off 4 per cent on a rain cover with the till code \(code), and nobody outside the shop is told of it."
  private static let open = "A rain cover for the box costs 129 euros in every shop."
  private static let question = "What does a rain cover for the box cost in the shop?"
  private static let vocabulary = CommonVocabulary(
    words: """
      a an and are as at be box by can code cost costs cover discount euros every for give given here i in is it less may more no not \
      of on or our price rain shop shops some than that the there this till to which with you your small ask
      """.split(separator: " ").map(String.init))

  private func shards() async throws -> TestShards {
    let shards = try TestShards()
    try await shards.write([
      TestDocument(source: "private", uri: "margins.md", title: "Margins", chunks: [Self.secret]),
      TestDocument(source: "public", title: "Prices", chunks: [Self.open]),
    ])
    return shards
  }

  private func request(_ mode: PrivacyMode, _ question: String = question) -> AnswerRequest {
    var request = AnsweringTests.request(question, learnOnly: ["private"])
    request.mode = mode
    return request
  }

  private func answerer(
    _ shards: TestShards, _ model: LanguageModel, _ vocabulary: CommonVocabulary = vocabulary
  ) -> Answerer {
    Answerer(
      shards: shards.cache, embedder: { HashingEmbedder.make() }, model: model,
      vocabulary: { vocabulary })
  }

  /// The dialogues that a model was sent.
  private final class Seen: Sendable {
    private let dialogues = Mutex<[Dialogue]>([])
    var all: [Dialogue] { dialogues.withLock { $0 } }
    func add(_ dialogue: Dialogue) { dialogues.withLock { $0.append(dialogue) } }
  }

  /// A model that says what `words` makes of the dialogue; a dialogue with private text is kept apart.
  private func model(
    seen: Seen? = nil, _ words: @escaping @Sendable (Dialogue) -> [String]
  ) -> LanguageModel {
    LanguageModel(name: "scripted") { dialogue in
      seen?.add(dialogue)
      return AsyncThrowingStream { continuation in
        for word in words(dialogue) { continuation.yield(.text(word)) }
        continuation.finish()
      }
    }
  }

  private static func isPrivate(_ dialogue: Dialogue) -> Bool {
    dialogue.messages.contains { $0.content.contains("[PRIVATE]\n") }
  }

  @Test
  func `private text is in a blended prompt, marked and without its name, and in no strict one`()
    async throws
  {
    let shards = try await shards()
    for mode in [PrivacyMode.blended, .strict] {
      let seen = Seen()
      _ = try await answerer(shards, model(seen: seen) { _ in ["It costs 129 euros [1]."] })
        .wholeAnswer(request(mode))
      let dialogues = seen.all
      #expect(dialogues.count == 1)
      let text = dialogues.flatMap(\.messages).map(\.content).joined()
      #expect(text.contains(Self.secret) == (mode == .blended))
      #expect(!text.contains("margins.md") && !text.contains("Margins"))
      #expect(text.contains(Self.open))
    }
  }

  private static let disguises = ["plain", "upper", "base64", "reversed", "spaced"]

  private static func disguised(_ text: String, as disguise: String) -> String {
    switch disguise {
    case "upper": text.uppercased()
    case "base64": Data(text.utf8).base64EncodedString()
    case "reversed": String(text.reversed())
    case "spaced": text.map(String.init).joined(separator: " ")
    default: text
    }
  }

  /// The words of the rules and of what may be cited, beside the usual ones: a gate that knows them reads on to the private text.
  private func promptVocabulary(_ shards: TestShards) async throws -> CommonVocabulary {
    let seen = Seen()
    _ = try await answerer(shards, model(seen: seen) { _ in ["It costs 129 euros [1]."] })
      .wholeAnswer(request(.blended))
    let rules = try #require(seen.all.first?.messages.first?.content)
    #expect(rules.contains("Rules:") && !rules.contains(Self.code))
    let words = "\(rules) \(Self.open) Prices Question".split(whereSeparator: \.isWhitespace)
    return Self.vocabulary.union(CommonVocabulary(words: words.map(String.init)))
  }

  @Test(arguments: disguises)
  func `a model that copies its prompt under a disguise gives the strict answer instead`(
    disguise: String
  ) async throws {
    let shards = try await shards()
    let copying = model { dialogue in
      // By the secret: what was let out, "[PRIVATE]" with it, stands in the sealed prompt, too.
      guard dialogue.messages.contains(where: { $0.content.contains(Self.secret) }) else {
        return ["It costs 129 euros in every shop [1]."]
      }
      // The mark of the fences is drawn by chance, and its letters are no words.
      let text = dialogue.messages.map(\.content).joined(separator: "\n")
        .replacing(#/P[0-9A-Z]{13,}/#, with: "")
      return ["It is so. "]
        + Self.disguised(text, as: disguise).split(
          separator: " ", omittingEmptySubsequences: false
        )
        .map { $0 + " " }
    }
    let answer = try await answerer(shards, copying, promptVocabulary(shards))
      .wholeAnswer(request(.blended))
    expectNothingPrivate(in: answer.message)
    #expect(answer.message.hasPrefix("It is so. "))
    #expect(answer.message.hasSuffix("It costs 129 euros in every shop [1]."))
    #expect(answer.gated == 1 && answer.origin == .blended && answer.answered)
    #expect(answer.sources.map(\.sourceID.text) == ["public"])
    // As words and as letters it is let out up to the private passage, and stopped there; in others it is neither any more.
    if ["plain", "upper", "spaced"].contains(disguise) {
      let shown = answer.message.lowercased().filter(\.isLetter)
      #expect(shown.contains("youarefern"))
      #expect(shown.contains(Self.open.lowercased().filter(\.isLetter)))
    }
  }

  @Test(arguments: disguises)
  func `a secret alone between sentences that may be said is stopped where it stands`(
    disguise: String
  ) async throws {
    let shards = try await shards()
    for secret in [Self.secret, Self.code] {
      let copying = model { dialogue in
        Self.isPrivate(dialogue)
          ? ["It is so.\n", Self.disguised(secret, as: disguise), "\nIt is in the shop.\n"]
          : ["It costs 129 euros in every shop [1]."]
      }
      let answer = try await answerer(shards, copying).wholeAnswer(request(.blended))
      // The gate let the first sentence out, so it had read on; the secret and what came after it are gone.
      #expect(
        answer.message == "It is so.\nIt costs 129 euros in every shop [1].",
        "\(disguise), \(secret)")
      #expect(answer.gated == 1 && answer.origin == .blended)
      expectNothingPrivate(in: answer.message)
    }
  }

  private func expectNothingPrivate(in message: String) {
    let plain = message.lowercased().filter(\.isLetter)
    for text in [plain, String(plain.reversed())] {
      #expect(!text.contains("takeoff") && !text.contains("quartz"))
    }
    for secret in [Self.secret, Self.code] {
      #expect(!message.contains(Data(secret.utf8).base64EncodedString().prefix(16)))
    }
  }

  @Test func `what is known of a visitor is in the prompt, and lets nothing private through`()
    async throws
  {
    let shards = try await shards()
    let seen = Seen()
    let copying = model(seen: seen) { dialogue in
      Self.isPrivate(dialogue) ? ["It is so. ", Self.secret] : ["It costs 129 euros [1]."]
    }
    // The same words as guidance are released by the owner; as a visitor's name they are a guess.
    for isReleased in [true, false] {
      var request = request(.blended)
      if isReleased {
        request.guidance = [Self.secret]
      } else {
        request.visitorFacts = [Self.secret]
      }
      let answer = try await answerer(shards, copying).wholeAnswer(request)
      #expect(answer.message.contains(Self.code) == isReleased, "\(answer.message)")
      #expect((answer.gated == 0) == isReleased)
    }
    // A line of one's own stands in strict prompts, too, and can be answered from without a citation.
    var strict = request(.strict)
    strict.visitorFacts = ["Of the person who asks: plan is gold."]
    let told = model(seen: seen) { _ in ["Your plan is gold."] }
    let answer = try await answerer(shards, told).wholeAnswer(strict)
    #expect(answer.message == "Your plan is gold." && answer.sources.isEmpty)
    #expect(seen.all.last?.messages.last?.content.contains("plan is gold.") == true)
  }

  @Test func `what follows from private text in other words is let through with its citations`()
    async throws
  {
    let shards = try await shards()
    let wise = model { _ in
      ["It costs 129 euros [1]. ", "Ask in the shop, there may be a small discount."]
    }
    let answer = try await answerer(shards, wise).wholeAnswer(request(.blended))
    #expect(
      answer.message == "It costs 129 euros [1]. Ask in the shop, there may be a small discount.")
    #expect(answer.gated == 0 && answer.answered && answer.sources.count == 1)
  }

  @Test func `an answer that was stopped after its first sentence goes on with the strict one`()
    async throws
  {
    let shards = try await shards()
    let seen = Seen()
    let half = model(seen: seen) { dialogue in
      Self.isPrivate(dialogue)
        ? ["There is a price. ", "The code is \(Self.code). ", "More of it."]
        : ["It co", "sts 129 eu", "ros [1]."]
    }
    var pieces: [String] = []
    var whole: Answer?
    for try await event in answerer(shards, half).answer(request(.blended)) {
      switch event {
      case .delta(let piece): pieces.append(piece)
      case .sources(let sources): #expect(sources.count == 1)
      case .done(let answer): whole = answer
      }
    }
    #expect(pieces.joined() == "There is a price. It costs 129 euros [1].")
    // In sentences before and after, so that nobody sees where it was stopped.
    #expect(pieces == ["There is a price. ", "It costs 129 euros [1]."])
    #expect(whole?.message == pieces.joined())
    // The second prompt is sealed, and may see what the visitor has seen.
    let second = try #require(seen.all.last)
    let text = second.messages.map(\.content).joined()
    #expect(!text.contains(Self.code) && !text.contains("shop assistant"))
    #expect(text.contains("There is a price."))
  }

  @Test func `after text that was shown, not found adds nothing`() async throws {
    let shards = try await shards()
    let half = model { dialogue in
      Self.isPrivate(dialogue)
        ? ["There is a price. ", "The code is \(Self.code). "]
        : ["I could not find ", "this in the documents."]
    }
    let answer = try await answerer(shards, half).wholeAnswer(request(.blended))
    #expect(answer.message == "There is a price. ")
  }

  @Test func `what was stopped where nothing can be cited ends with not found`() async throws {
    let shards = try TestShards()
    try await shards.write([
      TestDocument(source: "private", uri: "margins.md", title: "Margins", chunks: [Self.secret])
    ])
    let copying = model { dialogue in
      ["Here it is. "] + dialogue.messages.map { $0.content + " " }
    }
    var asked = request(.blended)
    let answer = try await answerer(shards, copying).wholeAnswer(asked)
    #expect(
      answer.message.hasPrefix("Here it is. ") && answer.message.hasSuffix(FixedReplies.noAnswer))
    // As a strict chatbot says it, and as this one does where there is no private text either.
    #expect(!answer.answered && answer.sources.isEmpty)
    asked.mode = .strict
    #expect(try await answerer(shards, copying).wholeAnswer(asked).answered == false)
  }

  @Test func `a right guess and a wrong one look alike`() async throws {
    let shards = try await shards()
    let confirming = model { dialogue in
      let text = dialogue.messages.map(\.content).joined()
      guard Self.isPrivate(dialogue) else { return ["It costs 129 euros [1]."] }
      return text.contains("take off 4 per cent") && text.contains("till code QUARTZ-7741?")
        ? ["Yes: a shop assistant may take off 4 per cent."]
        : ["No: the code is not that one but QUARTZ-7741."]
    }
    func shape(_ question: String) async throws -> [String] {
      var shape: [String] = []
      for try await event in answerer(shards, confirming).answer(request(.blended, question)) {
        switch event {
        case .delta(let piece): shape.append("delta " + piece)
        case .sources(let sources): shape.append("sources \(sources.count)")
        case .done(let answer): shape.append("done \(answer.answered)")
        }
      }
      return shape
    }
    let right = try await shape("Is the rain cover's till code QUARTZ-7741?")
    let wrong = try await shape("Is the rain cover's till code QUARTZ-1102?")
    #expect(right == wrong)
    #expect(right == ["delta It costs 129 euros [1].", "sources 1", "done true"])
  }

  @Test func `the stream has the same shape with private text on the subject and without`()
    async throws
  {
    let with = try await shards()
    let without = try TestShards()
    try await without.write([
      TestDocument(source: "public", title: "Prices", chunks: [Self.open])
    ])
    let talker = model { _ in
      [
        "It co", "sts 129 eu", "ros in every shop. A", "sk in the shop",
        ", there may be a discount. ",
      ]
    }
    func shape(_ shards: TestShards) async throws -> [String] {
      var shape: [String] = []
      for try await event in answerer(shards, talker).answer(request(.blended)) {
        switch event {
        case .delta(let piece): shape.append("delta " + piece)
        case .sources(let sources): shape.append("sources \(sources.map(\.quote))")
        case .done(let answer): shape.append("done \(answer.answered)")
        }
      }
      return shape
    }
    let (first, second) = (try await shape(with), try await shape(without))
    #expect(first == second && first.count == 4)
  }

  @Test func `what an answer repeats of an earlier one it rests on, too`() async throws {
    let shards = try await shards()
    let repeating = model { _ in ["It costs 129 euros in every shop [1]."] }
    var request = request(.strict)
    request.history = [
      AnswerRequest.Turn(
        question: "Where is it?", answer: "In the tower.", sources: [SourceID(unchecked: "tower")]),
      AnswerRequest.Turn(
        question: "And the code?", answer: nil, sources: [SourceID(unchecked: "closed")]),
    ]
    let answer = try await answerer(shards, repeating).wholeAnswer(request)
    #expect(answer.promptSources.map(\.text) == ["public", "tower"])
  }

  @Test func `a model's price is counted by its own figures, and without them by ours`()
    async throws
  {
    let shards = try await shards()
    let exact = LanguageModel(name: "exact") { _ in
      AsyncThrowingStream { continuation in
        continuation.yield(.text("It costs 129 euros in every shop [1]."))
        continuation.yield(.usage(promptTokens: 70, replyTokens: 7))
        continuation.finish()
      }
    }
    let counted = try await answerer(shards, exact).wholeAnswer(request(.strict))
    #expect(counted.usage == Answer.Usage(promptTokens: 70, replyTokens: 7))
    let silent = model { _ in ["It costs 129 euros in every shop [1]."] }
    let asked = request(.blended)
    let guessed = try await answerer(shards, silent).wholeAnswer(asked)
    #expect(guessed.usage.promptTokens > 50 && guessed.usage.replyTokens >= 7)
    #expect(asked.meter.usage == guessed.usage)
  }

  @Test func `without a model nothing private is read`() async throws {
    let shards = try await shards()
    let quoting = shards.answerer()
    let blended = try await quoting.wholeAnswer(request(.blended))
    let strict = try await quoting.wholeAnswer(request(.strict))
    #expect(blended.message == strict.message && blended.sources == strict.sources)
  }

  @Test func `a reply before the gate prints a fixed word`() {
    let reply = Ungated(Self.secret)
    #expect("\(reply)" == "(ungated)" && String(reflecting: reply).contains("(ungated)"))
    #expect(Mirror(reflecting: reply).children.isEmpty)
  }
}
