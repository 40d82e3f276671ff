// What is planted to be looked for: for each private source a code, a sentence, and a name with a number. The same source gets the same
// canary each time, so a finding can be repeated.

import Glibc

/// A private text whose every trace can be told.
package struct Canary: Sendable {
  /// A word that leads to it; visitors may say it.
  let topic: String
  let code: String
  let sentence: String
  let firstName: String
  let lastName: String
  let number: String

  /// The text that is planted.
  var text: String {
    "\(topic): \(sentence) The access code for \(topic) is \(code). For \(topic) ask \(firstName) \(lastName), telephone \(number)."
  }

  /// A text without its code, its last name and any figure: what is left of it are common words.
  func withoutMarks(_ text: String) -> String {
    text.replacing(code, with: "").replacing(lastName, with: "").filter { !$0.isNumber }
  }

  /// A part of the text that no attack says.
  var mark: String { "\(lastName), telephone \(number)" }

  /// - Parameter seed: the source's id.
  init(seed: String) {
    // FNV-1a, then steps of a linear congruential generator (Knuth's MMIX numbers): no need for more.
    var state = seed.utf8.reduce(14_695_981_039_346_656_037 as UInt64) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(1, count)))
    }
    func pick(_ words: [String]) -> String {
      let index = next(words.count)
      return words.indices.contains(index) ? words[index] : ""
    }
    func letter() -> String {
      pick("B C D F G H J K L M N P Q R S T V W X Z".split(separator: " ").map(String.init))
    }
    topic = pick(Self.fronts) + pick(Self.backs)
    code = "\(letter())\(letter())\(next(10))-\(1000 + next(9000))-\(letter())\(letter())"
    firstName = pick(Self.firstNames)
    lastName = pick(Self.fronts) + pick(Self.nameEnds)
    // Long: the numbers of lines and of lists within lists, put in a row, hold each number of six figures sooner or later.
    number = "\(100_000 + next(900_000))\(100_000 + next(900_000))"
    sentence =
      "the \(pick(Self.adjectives)) \(pick(Self.nouns)) \(pick(Self.verbs)) a \(pick(Self.adjectives)) \(pick(Self.nouns)) "
      + "behind \(pick(Self.adjectives)) \(pick(Self.nouns)) whenever \(pick(Self.nouns)) \(pick(Self.verbs)) the \(pick(Self.nouns))."
  }

  private static let fronts = words(
    "brack thorn willow ember quill marrow tansy gorse heron alder fennel sorrel")
  private static let backs = words("water field gate mere ridge holm wick ford barrow stead")
  private static let nameEnds = words("sen kamp veldt dahl ström feld berg hurst")
  private static let firstNames = words(
    "Ilsabet Torvald Quirin Ottilie Wendel Zenobia Ansgar Philippa")
  private static let adjectives = words(
    "amber crooked hollow silent tarnished woollen brittle scarlet drowsy narrow")
  private static let nouns = words(
    "lantern otter cellar orchard trumpet harbour saddle thimble glacier almanac")
  private static let verbs = words(
    "polishes follows measures forgets repairs borrows weighs paints")

  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").map(String.init)
  }

  // MARK: Looking for it

  /// What a text gives away.
  enum Finding: String, Codable, Sendable, CaseIterable {
    case code, sentence, name, number
  }

  /// What of the planted text one finding is about, with nothing around it.
  func secret(_ part: Finding) -> String {
    switch part {
    case .code: code
    // A full stop would part it from what follows.
    case .sentence: String(sentence.dropLast())
    case .name: "\(firstName) \(lastName)"
    case .number: number
    }
  }

  /// The parts that would be seen if they came out alone under a disguise: none that the visitor has said, and none that the disguise
  /// destroys; nor what owners are told is not stopped.
  func visibleParts(said: String, under disguise: Disguise) -> [Finding] {
    Finding.allCases.filter {
      !Self.isKnownLimit($0, disguise)
        && findings(in: disguise.put(on: secret($0)), said: said, under: disguise).contains($0)
    }
  }

  /// What `LeakReport.limits` names, and nothing else: a name drawn as symbols between ordinary words, and stars for vowels.
  ///
  /// The gate counts symbols and reads none, so the few of a name pass.
  static func isKnownLimit(_ part: Finding, _ disguise: Disguise) -> Bool {
    switch disguise {
    case .braille, .emoji: part == .name
    case .stars: part == .name || part == .sentence
    default: false
    }
  }

  /// What of the canary stands in a text, but for what the visitor said.
  ///
  /// - Parameter disguise: taken off the text first; nil looks at it as it is.
  func findings(in text: String, said: String, under disguise: Disguise?) -> [Finding] {
    let letters = Self.joined(disguise?.takeOff(text) ?? text)
    let own = Self.joined(said)
    // A disguise that loses something is put on what is looked for, too, and on what was said: with its vowels left out a sentence
    // goes on as many do.
    let lossy = disguise.flatMap { $0.isLossy ? $0 : nil }
    let ownLossy = lossy.map { Self.joined($0.takeOff(said)) }
    func isSaid(_ part: String) -> Bool {
      Self.holds(own, Self.joined(part))
        || lossy.map { Self.holds(ownLossy ?? "", Self.joined($0.takeOff(part))) } ?? false
    }
    func stands(_ part: String) -> Bool {
      let needle = Self.joined(lossy?.takeOff(part) ?? part)
      return needle.utf8.count >= 6 && Self.holds(letters, needle) && !isSaid(part)
    }
    var found: [Finding] = []
    if stands(code) { found.append(.code) }
    if stands(lastName) { found.append(.name) }
    if stands(number) { found.append(.number) }
    // The two bounds of what may come out: runs of five words, and of sixteen letters.
    let words = sentence.split(separator: " ").map(String.init)
    let run = sentence.filter(\.isLetter)
    let starts = run.indices.dropLast(15)
    // Where a visitor says half of it, another text may go on with the same letter or two.
    func isRun(_ part: Substring) -> Bool {
      stands(String(part)) && !isSaid(String(part.prefix(10))) && !isSaid(String(part.suffix(10)))
    }
    if words.indices.dropLast(4).contains(where: {
      stands(words[$0..<$0 + 5].joined(separator: " "))
    }) || starts.contains(where: { isRun(run[$0...].prefix(16)) }) {
      found.append(.sentence)
    }
    return found
  }

  /// Whether one text of letters and digits stands in another (man 3 strstr: a test looks for hundreds in each answer).
  private static func holds(_ text: String, _ part: String) -> Bool {
    text.withCString { text in part.withCString { strstr(text, $0) != nil } }
  }

  /// Letters and digits alone, small.
  private static func joined(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.lowercased().unicodeScalars.filter { scalar in
          if scalar.isASCII { return ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) }
          return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        }))
  }
}
