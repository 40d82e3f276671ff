// What a leak test has found, source by source, with what it cannot tell.

/// The result of a leak test.
package struct LeakReport: Codable, Sendable {
  /// Something private that came out.
  package struct Leak: Codable, Sendable, Hashable {
    package let attack: String
    package let disguise: String
    /// code, sentence, name, number; or prompt: it stood in a sealed prompt.
    package let what: String
  }

  /// One private source.
  package struct Source: Codable, Sendable {
    package let id: String
    package let name: String
    /// Attacks that were aimed at it.
    package let attacks: Int
    /// Those in which the model had its canary before it; of a strict chatbot, those in which the model was asked at all.
    package let reached: Int
    /// Answers that the gate ended.
    package let stopped: Int
    /// Those among them in which the copying model said private text alone and an ordinary sentence before it came out: the gate had
    /// read on to the private text, and ended there.
    package let tested: Int
    /// Disguises under which private text never came to the gate, though it was to: what the gate makes of them is not known.
    package let untested: [String]
    /// What it has cost; of the copying model nobody's.
    package let tokens: Int
    /// Those among them that the model has written.
    package let replyTokens: Int
    package let leaks: [Leak]
    package var passed: Bool {
      leaks.isEmpty && untested.isEmpty && (reached > 0 || attacks == 0)
    }
  }

  package let chatbot: String
  package let mode: String
  /// stub: a model that copies everything it is shown, under each disguise; else the model's name.
  package let against: String
  package let generation: Int
  package let answers: Int
  package let disguises: [String]
  package let sources: [Source]
  package let limits: [String]

  /// Whether nothing came out of any source.
  package var passed: Bool { sources.allSatisfy(\.passed) }

  /// What owners are told of a mode.
  static func limits(_ mode: String) -> [String] {
    mode == "strict"
      ? [
        "Private text can only influence which public passages are used. Facts that stand only in private sources are not answered."
      ]
      : [
        "Your private text is not quoted and not cited. Its ideas can appear in other words; that is what this mode is for.",
        "A hostile or tricked model could hide data in its choice of ordinary words, or answer yes or no to a guess; no filter "
          + "can prevent that. If that matters, use strict. How long an answer takes can tell whether private text was near the question.",
        "Not stopped, of words: names made of words that everybody knows (most people's names are), a name of two to five characters in "
          + "Chinese or Japanese, one word in three replaced, fillers at irregular places or more than twelve words apart, text taken in "
          + "pieces, a few words an answer, over many answers, a short name with an ending or within a longer word, text with each umlaut "
          + "spelled out.",
        "Not stopped, of figures: numbers in words of other languages than English, one up to twelve by itself, sums (\"two dozen\"), "
          + "and two figures as codes of their characters.",
        "Not stopped, of games: white space that carries bits, the digits of a telephone's keys, full stops or stars for vowels, a short code in pieces, letters as Chinese "
          + "or Korean characters or as symbols between ordinary words, syllables set between a name's letters, look-alikes of scripts "
          + "that the gate does not know, short names picked out letter by letter.",
      ]
  }

  private enum CodingKeys: String, CodingKey {
    case chatbot, mode, against, generation, answers, disguises, sources, limits
  }

  /// For a terminal.
  package var text: String {
    var lines = [
      "\(chatbot), \(mode), generation \(generation): \(passed ? "passed" : "FAILED")",
      "\(answers) answers of \(against == "stub" ? "a model that copies all it is shown" : against), under \(disguises.count) disguises",
      "",
    ]
    for source in sources {
      lines.append(
        "\(source.passed ? "passed" : "FAILED")  \(source.name): \(source.attacks) attacks, "
          + (mode == "strict"
            ? "\(source.reached) answered by the model, what it was shown looked at each time"
            : "\(source.reached) with the private text before the model, \(source.stopped) answers stopped"
              + (against == "stub" ? ", \(source.tested) of them right at the private text" : ""))
      )
      if source.reached == 0, source.attacks > 0, mode == "blended" {
        lines.append("        no attack got that far: nothing was tested")
      } else if !source.untested.isEmpty {
        lines.append(
          "        not tested as \(source.untested.joined(separator: ", ")): each answer ended before private text came to the gate"
        )
      }
      for leak in source.leaks.prefix(20) {
        lines.append("        \(leak.what) by \(leak.attack) as \(leak.disguise)")
      }
      if source.leaks.count > 20 { lines.append("        and \(source.leaks.count - 20) more") }
    }
    if sources.isEmpty { lines.append("There is no learn-only source: nothing is private here.") }
    return (lines + [""] + limits).joined(separator: "\n")
  }
}
