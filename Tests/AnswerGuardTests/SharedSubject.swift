// Public sets with half of each subject private: how many honest answers the gate stops (PRIVACY.md, P4).
//
// A subject is a paper of the handbook, an article of XQuAD, or what answers one question of Cranfield. Every other passage of it
// is private, the rest citable, in the numbers in which a prompt holds them; an answer is three sentences quoted from the
// citable ones, two that follow each other and one from further on.

import Foundation

@testable import AnswerGuard

/// Passages on one subject, half of them private.
struct SharedSubject {
  let hidden: [String]
  let citable: [String]
  /// Of the citable passages, and of those from elsewhere that are like the private ones; the server looks for them, too.
  let prints: [Fingerprint]

  /// As many passages as the server puts into a prompt at most, and as it looks for beside each private one.
  private static let hiddenCount = 4
  private static let citableCount = 6
  private static let otherCount = 8
  private static let answerCount = 6

  /// - Parameter sets: for each subject its passages and whether they are private; more than a prompt holds make several subjects.
  private static func subjects(_ sets: [[(text: String, isHidden: Bool)]]) -> [SharedSubject] {
    let library = Library(Set(sets.joined().filter { !$0.isHidden }.map(\.text)).sorted())
    // Each is made once, or the tests would wait for little else.
    let prints = Dictionary(uniqueKeysWithValues: library.texts.map { ($0, Fingerprint($0)) })
    return sets.flatMap { passages -> [SharedSubject] in
      let hidden = passages.filter(\.isHidden).map(\.text)
      let citable = passages.filter { !$0.isHidden }.map(\.text)
      return stride(from: 0, to: citable.count, by: citableCount).compactMap { start in
        let some = hidden.dropFirst(start * hiddenCount / citableCount).prefix(hiddenCount)
        guard !some.isEmpty else { return nil }
        let quoted = Array(citable[start...].prefix(citableCount))
        let others = some.flatMap { library.like($0, count: otherCount) }
        return SharedSubject(
          hidden: Array(some), citable: quoted,
          prints: Set(quoted + others).sorted().compactMap { prints[$0] })
      }
    }
  }

  /// Every second passage private.
  private static func subjects(_ sets: [[String]]) -> [SharedSubject] {
    subjects(sets.map { $0.enumerated().map { ($0.element, $0.offset % 2 == 1) } })
  }

  /// Answers of three sentences, as they follow each other in the citable passages or the last one from further on.
  func answers(isTornOff: Bool) -> [String] {
    let sentences = citable.flatMap(Self.sentences)
    guard sentences.count > 3 else { return [] }
    let every = max(2, (sentences.count - 2) / Self.answerCount)
    return stride(from: 0, to: sentences.count - 2, by: every).prefix(Self.answerCount).map {
      let last = isTornOff ? ($0 + sentences.count / 2) % sentences.count : $0 + 2
      return [sentences[$0], sentences[$0 + 1], sentences[last]].joined(separator: " ")
    }
  }

  func gate(_ vocabulary: CommonVocabulary) -> AnswerGuard {
    AnswerGuard(privateTexts: hidden, citable: prints, vocabulary: vocabulary)
  }

  /// Sentences as the gate cuts them, of four words at least; lines that are not ended run on.
  private static func sentences(of text: String) -> [String] {
    var found: [String] = []
    for paragraph in text.components(separatedBy: "\n\n") {
      var segmenter = Segmenter()
      var open = String.UnicodeScalarView()
      let line = paragraph.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for scalar in line.unicodeScalars {
        open.append(scalar)
        guard segmenter.feed(scalar), segmenter.isSentenceEnd else { continue }
        found.append(String(open))
        open = String.UnicodeScalarView()
      }
      found.append(String(open))
    }
    return found.filter { $0.split(separator: " ").count > 3 }.map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }

  /// Finds passages by the words they share, rare ones counting more.
  private struct Library {
    let texts: [String]
    let words: [Set<String>]
    var frequency: [String: Int] = [:]

    init(_ texts: [String]) {
      self.texts = texts
      words = texts.map { Set(Checker.words(of: $0)) }
      for word in words.joined() { frequency[word, default: 0] += 1 }
    }

    func like(_ text: String, count: Int) -> [String] {
      let asked = Set(Checker.words(of: text))
      let scores = words.map { words in
        words.intersection(asked).reduce(0.0) { $0 + 1 / Double(frequency[$1] ?? 1) }
      }
      return scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(count).map {
        texts[$0]
      }
    }
  }

  // MARK: The sets

  static let handbook = subjects(GuardFixtures.citable.map { passages(of: $0) })

  /// Paragraphs together, up to about a thousand characters.
  private static func passages(of paper: String) -> [String] {
    var passages: [String] = []
    for paragraph in paper.components(separatedBy: "\n\n") {
      if let last = passages.last, last.count + paragraph.count < 1_000 {
        passages[passages.count - 1] = last + "\n\n" + paragraph
      } else {
        passages.append(paragraph)
      }
    }
    return passages
  }

  private static let folder =
    (ProcessInfo.processInfo.environment["BOBBIN_SHARED_DATA"].map {
      URL(fileURLWithPath: $0)
    } ?? GuardFixtures.root.appendingPathComponent("../shared/data"))
    .appendingPathComponent("retrieval")

  private static func shared(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  /// Whether the public sets are there.
  static var hasShared: Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("xquad.en.json").path)
  }

  static func xquad() throws -> [SharedSubject] {
    struct Articles: Decodable {
      struct Article: Decodable {
        struct Paragraph: Decodable { let context: String }
        let paragraphs: [Paragraph]
      }
      let data: [Article]
    }
    return subjects(
      try JSONDecoder().decode(Articles.self, from: shared("xquad.en.json")).data.map {
        $0.paragraphs.map(\.context)
      })
  }

  /// For each query the abstracts that answer it, those of odd numbers private.
  static func cranfield() throws -> [SharedSubject] {
    let all = String(decoding: try shared("cran.all.1400.xml"), as: UTF8.self)
    let texts = all.matches(of: #/(?s)<text>(.*?)</text>/#).map { String($0.1) }
    var found: [Int: [(String, Bool)]] = [:]
    for line in String(decoding: try shared("cranqrel.trec.txt"), as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    {
      let fields = line.split(separator: " ")
      guard fields.count == 4, let query = Int(fields[0]), let document = Int(fields[2]),
        texts.indices.contains(document - 1), fields[3] != "-1", fields[3] != "0"
      else { continue }
      found[query, default: []].append((texts[document - 1], document % 2 == 1))
    }
    return subjects(found.sorted { $0.key < $1.key }.map { Array($0.value.prefix(10)) })
  }

  // MARK: The count

  struct Count {
    var answers = 0
    var stopped: [Violation: Int] = [:]

    var share: Double {
      Double(stopped.values.reduce(0, +)) / Double(max(1, answers))
    }
  }

  static func count(
    _ subjects: [SharedSubject], isTornOff: Bool, _ vocabulary: CommonVocabulary
  ) -> Count {
    var count = Count()
    for subject in subjects {
      let gate = subject.gate(vocabulary)
      for answer in subject.answers(isTornOff: isTornOff) {
        count.answers += 1
        if let found = LeakTests.released(answer, by: gate).1 {
          count.stopped[found, default: 0] += 1
        }
      }
    }
    return count
  }
}
