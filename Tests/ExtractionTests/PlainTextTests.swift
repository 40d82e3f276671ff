// What a plain text's title is: a line that names it, never one that says something.

import Corpus
import Extraction
import Testing

@Suite struct PlainTextTests {
  @Test(arguments: [
    ("Opening hours\n\nThe library opens at ten.", "Opening hours"),
    ("The library opens at ten.\n\nIt closes at six.", "a"),
    ("\"Is it open?\"\n\nIt is.", "a"),
    ("Rules:\n\nBe kind.", "a"),
    ("Rules\n=====\n\nBe kind.", "Rules"),
    ("One line without an end mark", "a"),
  ]) func `a title is a line that says nothing by itself`(text: String, title: String) throws {
    let read = try Fixtures.extract(text, as: "a.txt")
    #expect(read.title == title)
    // Nothing of it is lost.
    for line in text.split(separator: "\n") where !line.hasPrefix("=") {
      #expect(read.content.text.contains(String(line)), "\(read.content.text)")
    }
  }
}
