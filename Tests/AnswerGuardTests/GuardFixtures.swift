// The sample papers as citable and private text, and words everybody knows, made of both: the hard case, since nothing in
// the private text is unknown but its codes and names.

import Foundation

@testable import AnswerGuard

enum GuardFixtures {
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path != "/",
      !FileManager.default.fileExists(
        atPath: folder.appendingPathComponent("fixtures/handbook/faq.txt").path)
    {
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  static func text(_ path: String) -> String {
    let file = root.appendingPathComponent("fixtures").appendingPathComponent(path)
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      preconditionFailure("no fixture \(path)")
    }
    return text
  }

  static let citable = [
    "handbook/about-fernwheel.md", "handbook/service-manual.md", "handbook/faq.txt",
    "handbook/source/employee-handbook.txt", "handbook/source/rental-terms.txt",
    "handbook/source/workshop-safety.txt",
  ].map(text)

  static let citablePrints = citable.map { Fingerprint($0) }

  static let pricing = text("handbook-private/pricing-internal.md")

  /// Lines of the private paper and some with planted codes, each long enough to be a secret.
  static let privateLines =
    pricing.split(separator: "\n").map(String.init).filter {
      $0.count > 60 && !$0.hasPrefix("Learn")
    }
    + [
      "The vault code of the harbour shop is ZEPHYR-4471 and its owner is called Brannigold.",
      "Write to quillon.farrow@hidden-desk.example before the merger with Ostrava Kolo is announced.",
    ]

  /// Tokens that must never come out, planted in `privateLines` and in no citable paper.
  static let canaries = [
    "QUARTZ-7", "BASALT-19", "HL-20417", "Velomaris", "Norrland", "3,118", "2,204", "3,402", "13.5",
    "ZEPHYR-4471", "Brannigold", "quillon.farrow@hidden-desk.example", "Ostrava",
  ]

  /// Every word of all papers but the canaries, and some more, known.
  static let vocabulary: CommonVocabulary = {
    let secrets = Set(canaries.flatMap { Checker.words(of: $0) })
    let words = (citable + privateLines + [commonWords]).flatMap { Checker.words(of: $0) }
    let shared: Set<String> = ["hidden", "desk", "example", "quartz", "basalt"]
    return CommonVocabulary(words: words.filter { !secrets.contains($0) || shared.contains($0) })
  }()

  /// A gate without step 7, so that the views alone must hold.
  static let viewsOnly = AnswerGuard(
    privateTexts: privateLines, citable: citablePrints, names: ["Fernwheel"],
    vocabulary: vocabulary, unknownShare: nil)

  static let whole = AnswerGuard(
    privateTexts: privateLines, citable: citablePrints, names: ["Fernwheel"],
    vocabulary: vocabulary)

  /// The vocabulary of the embedding model, where `make model` has put it.
  static let modelVocabulary: CommonVocabulary? = {
    let folder = ProcessInfo.processInfo.environment["BOBBIN_DATA"] ?? "var"
    let path = "models/all-MiniLM-L6-v2/vocab.txt"
    let file =
      folder.hasPrefix("/")
      ? URL(fileURLWithPath: folder).appendingPathComponent(path)
      : root.appendingPathComponent(folder).appendingPathComponent(path)
    return (try? String(contentsOf: file, encoding: .utf8)).map(CommonVocabulary.parse)
  }()

  /// Words that encoders need: fillers, the spelling alphabet, numbers.
  static let commonWords = """
    zero one two three four five six seven eight nine alfa bravo charlie delta echo foxtrot golf hotel india juliett
    kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu
    apple blue green orange window garden river stone paper silver yellow summer winter morning evening
    x code word line list the a here is said
    """
}

/// Finds private text in what was released; shares no code with the gate.
struct Checker {
  let privateRuns: Set<[String]>
  let citableRuns: Set<[String]>
  let privateLetters: Set<String>
  let citableLetters: Set<String>

  init(privateTexts: [String], citableTexts: [String]) {
    privateRuns = Set(privateTexts.flatMap { Self.runs(Self.words(of: $0)) })
    citableRuns = Set(citableTexts.flatMap { Self.runs(Self.words(of: $0)) })
    privateLetters = Set(privateTexts.flatMap { Self.windows(Self.letters(of: $0)) })
    citableLetters = Set(citableTexts.flatMap { Self.windows(Self.letters(of: $0)) })
  }

  static let shared = Checker(
    privateTexts: GuardFixtures.privateLines, citableTexts: GuardFixtures.citable)

  /// What of the private texts stands in a text, by name.
  func leaks(in text: String, hasWords: Bool = true, hasDigits: Bool = true) -> [String] {
    var found: [String] = []
    if hasWords {
      for run in Self.runs(Self.words(of: text))
      where privateRuns.contains(run) && !citableRuns.contains(run) {
        found.append("words: " + run.joined(separator: " "))
      }
    }
    for window in Self.windows(Self.letters(of: text))
    where privateLetters.contains(window) && !citableLetters.contains(window) {
      found.append("letters: " + window)
    }
    for canary in GuardFixtures.canaries {
      if hasWords, text.lowercased().contains(canary.lowercased()) {
        found.append("token: " + canary)
      }
      let letters = Self.letters(of: canary).filter { hasDigits || !$0.isNumber }
      if letters.count >= 7, Self.letters(of: text).contains(letters) {
        found.append("letters of token: " + canary)
      }
    }
    return found
  }

  static func words(of text: String) -> [String] {
    text.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
  }

  static func letters(of text: String) -> String {
    text.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  private static func runs(_ words: [String]) -> [[String]] {
    guard words.count >= 5 else { return [] }
    return (0...(words.count - 5)).map { Array(words[$0..<($0 + 5)]) }
  }

  private static func windows(_ text: String) -> [String] {
    let letters = Array(text)
    guard letters.count >= 16 else { return [] }
    return (0...(letters.count - 16)).map { String(letters[$0..<($0 + 16)]) }
  }
}
