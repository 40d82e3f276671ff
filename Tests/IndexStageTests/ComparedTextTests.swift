// Where the line is drawn between pages that are nearly the same and pages that are not.

import Corpus
import Extraction
import Foundation
import TestSupport
import Testing

@testable import IndexStage

@Suite struct ComparedTextTests {
  /// A pair of pages of one site, and whether the second may be left out.
  struct Pair: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var title = "Pump 300"
    var otherTitle: String?
    let text: String
    let other: String
    let isSame: Bool
  }

  /// The words that pages of one template have in common.
  static let body = """
    Maintenance
    The pump is emptied before each transport. Close both valves, then open the drain at the bottom of the housing and wait \
    until no more water comes. Dry the seal with a soft cloth and look for cracks.
    Check the oil every 200 hours and change it every 1,000 hours or once a year, whichever comes first.
    The filter stands behind the left cover. Wash it in warm water without soap and let it dry before you put it back.
    Spare parts are sent within two working days. Have the number on the plate at hand when you telephone.
    """

  private static func pair(
    _ name: String, _ line: String, _ other: String, title: String = "Pump 300",
    otherTitle: String? = nil, _ isSame: Bool
  ) -> Pair {
    Pair(
      testDescription: name, title: title, otherTitle: otherTitle, text: "\(body)\n\(line)",
      other: "\(body)\n\(other)", isSame: isSame)
  }

  /// One sentence, so that the words of the pages differ in it alone.
  static let pairs: [Pair] = [
    // The same page: what differs is about its showing.
    pair("nothing differs", "All rights reserved.", "All rights reserved.", true),
    pair("where lines break", "Call us. We help you.", "Call us.\nWe help you.", true),
    pair(
      "last updated", "Last updated: 3 May 2026", "Last updated: 27 November 2026, 14:03 CET", true),
    pair("printed", "Printed on 2026-11-27", "Printed on 2026-11-28", true),
    pair(
      "a stamp on one of them has its time", "Updated 3/5/2026", "Updated 3/5/2026 10:30 pm", true),
    pair("Stand", "Stand: 27.11.2026", "Stand: 03.05.2025", true),
    pair(
      "zuletzt geändert", "Zuletzt geändert am 3. Mai 2026", "Zuletzt geändert am 4. Juni 2026",
      true),
    pair("mis à jour", "Mis à jour le 3 mai 2026", "Mis à jour le 12 juin 2026", true),
    pair("today", "Today is Friday, 27 November 2026", "Today is Monday, 30 November 2026", true),
    pair("copyright", "© 2025 Skerry Pumps", "© 2026 Skerry Pumps", true),
    pair("visitors", "You are visitor number 12345", "You are visitor number 12,399", true),
    pair("views", "1,204 views", "3 views", true),
    pair("Besucher heute", "Besucher heute: 17", "Besucher heute: 4", true),
    pair(
      "time of making", "Page generated in 0.034 seconds", "Page generated in 1.2 seconds", true),
    pair("a line more on one of them", "Print this page", "Call us.", true),
    pair("a button", "Spare parts\nPrint this page\nBack to top", "Spare parts", true),
    pair(
      "the title of a print version", "Spare parts", "Spare parts",
      otherTitle: "Pump 300 – Print version", true),
    pair(
      "the page's own address", "Found at https://pumps.example/a?print=1",
      "Found at https://pumps.example/b", true),

    // Two pages: losing one would lose what it says.
    pair("a price", "Price: 300 EUR", "Price: 320 EUR", false),
    pair("a price by currency", "Price: €300", "Price: $300", false),
    pair(
      "a price beside a stamp", "Updated 3 May 2026: 300 EUR", "Updated 3 May 2026: 320 EUR", false),
    pair("stock is no date", "Stock updated: 300", "Stock updated: 320", false),
    pair("a model in the text", "For the model SP-300 only.", "For the model SP-310 only.", false),
    pair("a model in the title", "Spare parts", "Spare parts", otherTitle: "Pump 310", false),
    pair(
      "a place in the title", "Open daily", "Open daily", title: "Kiel", otherTitle: "Lübeck", false
    ),
    pair("a place in the text", "Our shop in Kiel", "Our shop in Lübeck", false),
    pair("a version", "Valid for version 2.1", "Valid for version 2.2", false),
    pair("an error's code", "Error E1041: no water.", "Error E1042: no water.", false),
    pair("a date by itself", "27 November 2026", "28 November 2026", false),
    pair(
      "the day of an event", "The course begins on 3 May 2026.", "The course begins on 4 May 2026.",
      false),
    pair("when it was published", "Published 3 May 2026", "Published 4 May 2026", false),
    pair("from when it holds", "Effective 1 January 2025", "Effective 1 January 2026", false),
    pair("not", "The course takes place.", "The course does not take place.", false),
    pair(
      "visitors of something", "The fair had 12,345 visitors.", "The fair had 13,001 visitors.",
      false),
    pair("a temperature", "Store at -5 °C", "Store at 5 °C", false),
    pair("one sentence is another", "It is red.", "It is blue.", false),
    pair("a telephone number", "Call 0431 1234", "Call 0431 1235", false),
    Pair(
      testDescription: "a part of a long page", text: body,
      other: body + "\n"
        + (1...9).map {
          "Chapter \($0 % 3) of the long manual says a lot more about the matter than the short page."
        }.joined(separator: "\n"), isSame: false),
    Pair(
      testDescription: "lines in another order",
      text: "Open the left valve.\nClose the right valve.\n\(body)",
      other: "Close the right valve.\nOpen the left valve.\n\(body)", isSame: false),
  ]

  private func compared(_ pair: Pair) -> (ComparedText, ComparedText) {
    (
      ComparedText(pair.text, title: pair.title, uri: "https://pumps.example/a?print=1"),
      ComparedText(pair.other, title: pair.otherTitle ?? pair.title, uri: "https://pumps.example/b")
    )
  }

  private static func distance(_ one: String, _ other: String) -> Int? {
    guard let one = Likeness(one), let other = Likeness(other) else { return nil }
    return one.distance(to: other)
  }

  @Test(arguments: pairs)
  func `pages that say the same are told from pages that do not`(_ pair: Pair) {
    let (one, other) = compared(pair)
    #expect((one.isContained(in: other) || other.isContained(in: one)) == pair.isSame)
    if pair.isSame {
      // What is the same is found, too.
      let distance = Self.distance(one.likeness, other.likeness)
      #expect((distance ?? 64) <= ComparedText.mostBits)
    }
  }

  @Test func `whichever says a line more is the one that can stand for the other`() {
    let short = ComparedText(Self.body, title: nil, uri: "https://a/1")
    let long = ComparedText(
      Self.body + "\nAsk the shop.", title: nil, uri: "https://a/2")
    #expect(short.isContained(in: long))
    #expect(!long.isContained(in: short))
    #expect((Self.distance(short.likeness, long.likeness) ?? 64) <= ComparedText.mostBits)
  }

  @Test func `likenesses of another version, or none at all, are never near`() {
    let likeness = ComparedText(Self.body, title: nil, uri: "").likeness
    #expect(likeness.utf8.count == 33)
    #expect(Self.distance(likeness, likeness) == 0)
    for other in [
      "", "1", "2" + likeness.dropFirst(), likeness + "0", String(likeness.dropLast()) + "x",
    ] {
      #expect(Self.distance(likeness, other) == nil)
    }
  }

  private static let pages =
    (ProcessInfo.processInfo.environment["BOBBIN_SHARED_DATA"]
      ?? Checkout.root.path + "/../shared/data") + "/readability-pages"

  /// The pages that Mozilla's reader mode is tested with; some of them are made to have the same text in other markup.
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: pages), "needs ../shared/data/readability-pages"))
  func `of 130 pages of the web none is taken for another one`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.pages).sorted()
    var texts: [(name: String, text: ComparedText)] = []
    for name in names {
      guard
        let bytes = FileManager.default.contents(atPath: "\(Self.pages)/\(name)/source.html"),
        let page = try? Extractor.extract(
          bytes: Array(bytes), fileName: "page.html", declaredType: "text/html", charset: nil,
          limits: .init())
      else { continue }
      // Without the titles, which would tell most of them apart.
      let text = ComparedText(page.content.text, title: nil, uri: "https://\(name)/")
      if text.wordCount > 0 { texts.append((name, text)) }
    }
    #expect(texts.count > 120)
    var sameText = 0
    for (index, one) in texts.enumerated() {
      #expect(one.text.isContained(in: one.text), "\(one.name)")
      for other in texts[(index + 1)...]
      where one.text.isContained(in: other.text) || other.text.isContained(in: one.text) {
        #expect(
          one.text.lines.joined().elementsEqual(other.text.lines.joined()),
          "\(one.name) and \(other.name)")
        sameText += 1
      }
    }
    // Counted by hand: four pages by their metadata, three by their base, eight of one lorem ipsum, four by their direction.
    #expect(sameText == 4 * 3 / 2 + 3 * 2 / 2 + 8 * 7 / 2 + 4 * 3 / 2)
  }
}
