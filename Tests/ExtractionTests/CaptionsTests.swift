// Captions as files in the wild have them, and the times their words are found at.

import Corpus
import Extraction
import Testing

@Suite struct CaptionsTests {
  private func read(
    _ text: String, name: String? = "talk.vtt", type: String? = nil
  ) throws -> ExtractedText {
    try Extractor.extract(
      bytes: Array(text.utf8), fileName: name, declaredType: type, charset: nil,
      limits: ExtractionLimits())
  }

  /// Each mark with the words that stand at it.
  private func places(_ text: ExtractedText) -> [String] {
    let scalars = Array(text.content.text.unicodeScalars)
    return text.content.times.map { mark in
      let words = String(String.UnicodeScalarView(scalars[mark.offset...].prefix(12)))
      return "\(mark.number) \(words)"
    }
  }

  static let spoken = "Welcome to the workshop. First we take off the wheel."

  @Test(arguments: [
    (
      "webvtt",
      """
      WEBVTT - Kept in the header
      Kind: captions
      Language: en-GB

      STYLE
      ::cue { color: red }

      NOTE a remark
      that goes on

      intro
      00:01.000 --> 00:04.000 align:start position:0%
      Welcome to <c.loud>the</c> <i>workshop</i>.

      1:02:03.500 --> 1:02:05.000
      First we take&nbsp;off
      the wheel.
      """
    ),
    (
      "subrip",
      """
      1
      00:00:01,000 --> 00:00:04,000
      {\\an8}<b>Welcome</b> to the workshop.

      2
      01:02:03,500 --> 01:02:05,000
      First we take off

      the wheel.
      """
    ),
    (
      "subrip without blank lines",
      """
      1
      00:00:01,000 --> 00:00:04,000
      Welcome to the workshop.
      2
      01:02:03,500 --> 01:02:05,000
      First we take off the wheel.
      """
    ),
    (
      "timed text in seconds",
      """
      <?xml version="1.0" encoding="utf-8" ?><transcript><text start="1" dur="3">Welcome to the \
      workshop.</text><text start="3723.5" dur="1.5">First we take off
      the wheel.</text></transcript>
      """
    ),
    (
      "timed text in milliseconds",
      """
      <timedtext format="3"><head/><body><w t="0" id="1"/><p t="1000" d="3000" w="1"><s>Welcome</s>\
      <s t="80"> to the</s><s t="90"> workshop.</s></p><p t="3723500" d="1500">First we take off the \
      wheel.</p></body></timedtext>
      """
    ),
    ("transcript", "0:01\nWelcome to the workshop.\n1:02:03\nFirst we take off the wheel.\n"),
    (
      "transcript in lines",
      "[00:01] Welcome to the workshop.\n[1:02:03] First we take off the wheel."
    ),
  ])
  func `every form says the same at the same seconds`(_ form: String, _ text: String) throws {
    let found = try read(text, name: nil, type: "text/x-transcript")
    #expect(
      found.content.text.replacing("\n\n", with: " ") == Self.spoken, "\(form)")
    #expect(places(found) == ["1 Welcome to t", "3723 First we tak"], "\(form)")
    #expect(found.mediaType == "text/vtt")
    #expect(found.language == (form == "webvtt" ? "en" : nil))
  }

  @Test func `captions that roll are said once, and sounds not at all`() throws {
    let found = try read(
      """
      WEBVTT

      00:00:00.000 --> 00:00:02.000
      [Music]

      00:00:02.000 --> 00:00:04.000
       
      so<00:00:02.500><c> today</c><00:00:03.000><c> we</c>

      00:00:04.000 --> 00:00:04.010
      so today we
       

      00:00:04.010 --> 00:00:06.000
      so today we
      fix<00:00:05.000><c> a</c><00:00:05.500><c> brake</c>

      00:00:06.000 --> 00:00:06.010
      fix a brake
       

      00:00:06.010 --> 00:00:08.000
      fix a brake
      ♪ ♪
      """)
    #expect(found.content.text == "so today we fix a brake")
    #expect(places(found) == ["2 so today we ", "4 fix a brake"])
    #expect(found.droppedCharacters > 0)
  }

  @Test func `who speaks is said, and a silence ends a paragraph`() throws {
    let found = try read(
      """
      WEBVTT

      00:01.000 --> 00:02.000
      <v Anna>Is it open?

      00:02.000 --> 00:03.000
      <v.loud Ben>It is.

      00:20.000 --> 00:21.000
      Later on.
      """)
    #expect(found.content.text == "Anna: Is it open? Ben: It is.\n\nLater on.")
  }

  @Test func `long speech has paragraphs that end with a sentence`() throws {
    let cues = (0..<200).map {
      String(format2: $0) + "Number \($0) is a sentence of some length that is said here.\n"
    }
    let found = try read("WEBVTT\n\n" + cues.joined(separator: "\n"))
    let paragraphs = found.content.text.split(separator: "\n\n")
    #expect(paragraphs.count > 10)
    #expect(paragraphs.allSatisfy { $0.count < 1_000 && $0.last == "." })
    #expect(found.content.times.count == 200)
    #expect(found.content.times.map(\.number) == (0..<200).map { $0 * 2 })
  }

  @Test func `a time that cannot be read leaves its caption out and is told`() throws {
    let found = try read(
      "1\n00:00:01,000 --> 00:00:02,000\nKept.\n\n2\n00:61:99 --> never\nLeft out.\n",
      name: "a.srt")
    #expect(found.content.text == "Kept.")
    #expect(found.warnings.count == 1)
  }

  @Test func `cues out of order are put in order`() throws {
    let found = try read(
      "WEBVTT\n\n00:09.000 --> 00:10.000\nsecond\n\n00:01.000 --> 00:08.000\nfirst\n")
    #expect(found.content.text == "first second")
    #expect(found.content.times.map(\.number) == [1, 9])
  }

  @Test(arguments: [
    ("WEBVTT\n", "malformed"), ("WEBVTT\n\n00:01.000 --> 00:02.000\n[Music]\n", "no_text"),
    ("1\n0:0:0:0 --> x\nwords\n", "malformed"), ("<transcript><text start=\"1\">a", "malformed"),
    ("<transcript></transcript>", "no_text"),
  ])
  func `what holds no speech is refused`(_ text: String, _ reason: String) throws {
    do {
      let found = try read(text, name: nil, type: "text/x-transcript")
      Issue.record("read \(found.content.text)")
    } catch let error as ExtractionError {
      #expect(error.reason == reason)
    }
  }

  @Test func `a transcript without times is a text`() throws {
    let found = try read(
      "We meet at 9:30 every day.\n\nThen we work.", name: nil, type: "text/x-transcript")
    #expect(found.content.text == "We meet at 9:30 every day.\n\nThen we work.")
    #expect(found.content.times.isEmpty)
  }

  @Test func `a text file with arrows stays a text`() throws {
    let found = try read("a --> b\n\n0:15 Hello", name: "notes.txt")
    #expect(found.mediaType == "text/plain")
    #expect(found.content.times.isEmpty)
  }
}

extension String {
  /// A cue's two lines but the words: two seconds each.
  fileprivate init(format2 number: Int) {
    func time(_ seconds: Int) -> String {
      "00:\(seconds / 60 < 10 ? "0" : "")\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60).000"
    }
    self = "\(time(number * 2)) --> \(time(number * 2 + 2))\n"
  }
}
