// What is said in a recording, with its times: WebVTT (W3C webvtt1), SubRip, the timed text of video sites as XML, and
// transcripts as people copy them, a time before each line.
//
// Lenient where files in the wild are: a cue may lack its number, its hours or the blank line before it. Automatic captions
// that roll (each cue repeats the line above it) are said once.

internal import Corpus
internal import Markup

/// Reads captions.
enum Captions {
  /// A stretch of speech.
  struct Cue: Equatable {
    /// Milliseconds from the recording's start.
    var start: Int
    /// Milliseconds; nil when it is not said.
    var end: Int?
    var lines: [String]
  }

  /// Times that are hours off are no times.
  private static let longest = 100 * 3_600_000

  /// Reads bytes of any common encoding.
  ///
  /// - Throws: `noText` when nothing is said, `malformed` where no cue is found, `tooLarge`.
  static func read(
    _ bytes: [UInt8], charset: String?, limits: ExtractionLimits
  ) throws(ExtractionError) -> Reading {
    var cues: [Cue]
    var unread = 0
    var language: String?
    if isTimedText(bytes) {
      cues = try timedText(bytes)
    } else {
      let lines = TextCleaner.split(try CharacterDecoding.decode(bytes, declared: charset).text)
      language = header("Language", of: lines)
      (cues, unread) = cued(lines)
      // Neither WebVTT nor SubRip: a transcript.
      if cues.isEmpty { cues = transcript(lines) }
      if cues.isEmpty {
        // Without a single time it is a text like any other.
        if unread == 0, !isWebVTT(bytes) {
          return try PlainText.read(bytes, charset: charset, limits: limits)
        }
        throw .malformed(what: "no caption with a time that can be read stands in it")
      }
    }
    // Recordings have one time line, files need not keep to it.
    cues = cues.enumerated().sorted {
      ($0.element.start, $0.offset) < ($1.element.start, $1.offset)
    }
    .map(\.element)
    let (spoken, dropped) = said(cues)
    var builder = AnchoredTextBuilder(limits: limits)
    for paragraph in paragraphs(spoken) { try builder.append(spoken: paragraph) }
    let content = builder.finish()
    guard !content.text.isEmpty else { throw .noText(what: "nothing is said in it") }
    return Reading(
      language: language, content: content,
      warnings: unread == 0
        ? [] : ["\(unread) of the captions have a time that cannot be read and were left out."],
      droppedCharacters: dropped)
  }

  // MARK: WebVTT and SubRip

  private static func isWebVTT(_ bytes: [UInt8]) -> Bool {
    bytes.drop { [0xEF, 0xBB, 0xBF].contains($0) }.starts(with: Array("WEBVTT".utf8))
  }

  /// A value of WebVTT's header, such as YouTube writes.
  private static func header(_ name: String, of lines: [Substring]) -> String? {
    guard lines.first?.drop(while: { $0 == "\u{FEFF}" }).hasPrefix("WEBVTT") == true else {
      return nil
    }
    let head = lines.dropFirst().prefix(20).prefix { !$0.isEmpty }
    return head.first { $0.hasPrefix(name + ":") }
      .map { $0.dropFirst(name.count + 1).filter { $0 != " " } }
  }

  /// Cues by their arrows, and how many arrows have no times.
  private static func cued(_ lines: [Substring]) -> (cues: [Cue], unread: Int) {
    var cues: [Cue] = []
    var unread = 0
    var current: Cue?
    // Lines since a blank one: a number or a name of the next cue stands there, and notes do.
    var loose: [String] = []
    var isLoose = false
    func close() {
      guard var cue = current else { return }
      // SubRip files have blank lines inside a cue; its number is the last line before the next time.
      if loose.count > 1 { cue.lines += loose.dropLast() }
      cues.append(cue)
      current = nil
    }
    for line in lines {
      guard line.contains("-->") else {
        let text = String(line)
        // A line of one space is a line: rolling captions have them.
        if text.isEmpty {
          isLoose = true
        } else if isLoose {
          loose.append(text)
        } else {
          current?.lines.append(text)
        }
        continue
      }
      // Without a blank line the number stands at the cue's end.
      if !isLoose, let last = current?.lines.last, last.allSatisfy(\.isNumber) {
        current?.lines.removeLast()
      }
      if isNote(loose.first) { loose = [] }
      close()
      (loose, isLoose) = ([], false)
      if let (start, end) = times(line) {
        current = Cue(start: start, end: end, lines: [])
      } else {
        unread += 1
      }
    }
    if !isNote(loose.first) { loose.append("") } else { loose = [] }
    close()
    return (cues, unread)
  }

  private static func isNote(_ line: String?) -> Bool {
    guard let line else { return false }
    return ["NOTE", "STYLE", "REGION"].contains { line == $0 || line.hasPrefix($0 + " ") }
  }

  /// `00:01.000 --> 00:04.000 align:start`.
  private static func times(_ line: Substring) -> (start: Int, end: Int?)? {
    guard let arrow = line.firstRange(of: "-->") else { return nil }
    let before = line[..<arrow.lowerBound].filter { !$0.isWhitespace }
    let after = line[arrow.upperBound...].drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
    guard let start = milliseconds(before) else { return nil }
    return (start, milliseconds(String(after)))
  }

  /// `1:02:03.456`, `02:03,4`, `2:03`; nil for anything else.
  static func milliseconds(_ text: String) -> Int? {
    let halves = text.split(
      maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 == "." || $0 == "," })
    let parts = (halves.first ?? "").split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts.allSatisfy({ (1...3).contains($0.utf8.count) })
    else { return nil }
    var seconds = 0
    for (index, part) in parts.enumerated() {
      guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(part),
        index == 0 || number < 60
      else { return nil }
      seconds = seconds * 60 + number
    }
    var fraction = 0
    if halves.count > 1 {
      let digits = halves[1]
      guard (1...9).contains(digits.utf8.count),
        digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
      else { return nil }
      fraction = Int(digits.prefix(3).padded(to: 3)) ?? 0
    }
    let found = seconds * 1000 + fraction
    return found <= longest ? found : nil
  }

  // MARK: Transcripts

  /// Lines with a time of their own, or below one: `0:15 Hello`, `[00:15] Hello`, `0:15` and `Hello`.
  private static func transcript(_ lines: [Substring]) -> [Cue] {
    var cues: [Cue] = []
    var before: [String] = []
    for line in lines {
      let text = line.drop(while: \.isWhitespace)
      guard !text.isEmpty else { continue }
      if let (start, rest) = stamped(text) {
        cues.append(Cue(start: start, lines: rest.isEmpty ? [] : [rest]))
      } else if cues.isEmpty {
        before.append(String(text))
      } else {
        cues[cues.count - 1].lines.append(String(text))
      }
    }
    // What stands above the first time is said at the beginning.
    if !cues.isEmpty, !before.isEmpty { cues.insert(Cue(start: 0, lines: before), at: 0) }
    // One time in a long text is a time of day.
    return cues.count * 60 >= lines.count ? cues : []
  }

  private static func stamped(_ line: Substring) -> (Int, String)? {
    var rest = line
    let isBracketed = rest.first == "[" || rest.first == "("
    if isBracketed { rest = rest.dropFirst() }
    let stamp = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ":" || $0 == "." || $0 == ",") }
    guard let start = milliseconds(String(stamp)) else { return nil }
    rest = rest.dropFirst(stamp.count)
    if isBracketed {
      guard rest.first == "]" || rest.first == ")" else { return nil }
      rest = rest.dropFirst()
    } else if let next = rest.first, !next.isWhitespace, !"-–—|".contains(next) {
      return nil
    }
    let said = rest.drop { $0.isWhitespace || "-–—:|".contains($0) }
    return (start, String(said))
  }

  // MARK: Timed text

  /// `<transcript>` or `<timedtext>`, as video sites answer.
  static func isTimedText(_ bytes: [UInt8]) -> Bool {
    var start = bytes.prefix(1_024).drop {
      [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D].contains($0)
    }
    if start.starts(with: Array("<?xml".utf8)), let end = start.firstIndex(of: UInt8(ascii: ">")) {
      start = start[(end + 1)...].drop { $0 <= 0x20 }
    }
    return ["<transcript>", "<transcript ", "<timedtext>", "<timedtext "].contains {
      start.starts(with: Array($0.utf8))
    }
  }

  /// The reader's callback outlives no call; a class, because it escapes by its type.
  private final class Collector {
    var cues: [Cue] = []
    var text = ""
    var start: Int?
    var duration: Int?
  }

  /// `<text start="1.5" dur="2">` in seconds, or `<p t="1500" d="2000">` in milliseconds, whose text may stand in `<s>`.
  private static func timedText(_ bytes: [UInt8]) throws(ExtractionError) -> [Cue] {
    let found = Collector()
    do throws(MarkupError) {
      try XMLReader.read(bytes) { event in
        switch event {
        case .start(let name, _, let attributes) where name == "text" || name == "p":
          found.text = ""
          if name == "text" {
            found.start = attributes[local: "start"].flatMap(Double.init).flatMap(milliseconds)
            found.duration = attributes[local: "dur"].flatMap(Double.init).flatMap(milliseconds)
          } else {
            found.start = attributes[local: "t"].flatMap { Int($0) }
            found.duration = attributes[local: "d"].flatMap { Int($0) }
          }
        case .start: break
        case .text(let piece): found.text += piece
        case .end(let name, _) where name == "text" || name == "p":
          if let start = found.start, (0...longest).contains(start) {
            found.cues.append(
              Cue(
                start: start, end: found.duration.map { start + min(max($0, 0), longest) },
                // Entities in it were escaped once more.
                lines: found.text.split(separator: "\n").map(String.init)))
          }
          found.start = nil
        case .end: break
        }
        return true
      }
    } catch {
      throw .malformed(what: "the captions are no well-formed XML")
    }
    return found.cues
  }

  private static func milliseconds(_ seconds: Double) -> Int? {
    seconds >= 0 && seconds * 1000 <= Double(longest) ? Int(seconds * 1000) : nil
  }

  // MARK: Speech

  /// What is said, cue by cue, and how many characters are not: markup, signs for music, what rolls by again.
  private static func said(_ cues: [Cue]) -> (cues: [Cue], dropped: Int) {
    var spoken: [Cue] = []
    var dropped = 0
    var shown: [String] = []
    for cue in cues {
      let lines = cue.lines.map(words).filter { !$0.isEmpty }
      var fresh = lines
      // A rolling cue begins with lines that the cue before has shown.
      let most = min(shown.count, lines.count, mostShown)
      for count in stride(from: most, to: 0, by: -1)
      where shown.suffix(count).elementsEqual(lines.prefix(count)) {
        fresh = Array(lines.dropFirst(count))
        break
      }
      let isRolling = fresh.count < lines.count
      if !lines.isEmpty { shown = lines }
      let kept = fresh.filter { !isSound($0) }
      let before = cue.lines.reduce(0) { $0 + $1.unicodeScalars.count }
      dropped += before - kept.reduce(0) { $0 + $1.unicodeScalars.count }
      guard !kept.isEmpty else {
        // What is shown a little longer is said no longer; a real repeat is a line of its own later.
        if isRolling, !spoken.isEmpty { spoken[spoken.count - 1].end = cue.end }
        continue
      }
      spoken.append(Cue(start: cue.start, end: cue.end, lines: kept))
    }
    return (spoken, max(0, dropped))
  }

  /// Lines that a screen shows at once, and characters of the longest tag: more is no caption.
  private static let (mostShown, longestTag) = (8, 200)

  /// `[Music]`, `(applause)`, `♪ ♪`.
  private static func isSound(_ line: String) -> Bool {
    let bare = line.filter { !"♪♫ ".contains($0) }
    if bare.isEmpty { return true }
    guard let first = bare.first, let last = bare.last, bare.count <= 40 else { return false }
    return (first == "[" && last == "]") || (first == "(" && last == ")")
  }

  /// A line without tags (`<i>`, `<v Anna>`, `<00:01.000>`, `{\an8}`), its entities resolved.
  private static func words(_ line: String) -> String {
    var text = ""
    var rest = line[...]
    while let next = rest.first {
      if next == "<", let end = rest.prefix(longestTag).firstIndex(of: ">"),
        rest.dropFirst().first != " "
      {
        let tag = rest[rest.index(after: rest.startIndex)..<end]
        // A voice is who speaks.
        if tag == "v" || tag.hasPrefix("v ") || tag.hasPrefix("v.") {
          let name = tag.drop { $0 != " " }.drop(while: \.isWhitespace)
          if !name.isEmpty { text += "\(name): " }
        }
        rest = rest[rest.index(after: end)...]
      } else if next == "{", rest.dropFirst().first == "\\",
        let end = rest.prefix(longestTag).firstIndex(of: "}")
      {
        rest = rest[rest.index(after: end)...]
      } else if next == "&", let (resolved, length) = entity(rest) {
        text += resolved
        rest = rest.dropFirst(length)
      } else {
        text.append(next)
        rest = rest.dropFirst()
      }
    }
    return TextCleaner.inline(text)
  }

  private static let entities: [String: String] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "lrm": "", "rlm": "",
  ]

  private static func entity(_ text: Substring) -> (String, Int)? {
    guard let end = text.prefix(10).firstIndex(of: ";") else { return nil }
    let name = text[text.index(after: text.startIndex)..<end]
    let length = name.count + 2
    if let known = entities[name.lowercased()] { return (known, length) }
    guard name.first == "#" else { return nil }
    let digits = name.dropFirst()
    let value =
      digits.first == "x" || digits.first == "X"
      ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return value.flatMap(Unicode.Scalar.init).map { (String($0), length) }
  }

  // MARK: Paragraphs

  /// A silence that ends a paragraph, in milliseconds.
  private static let silence = 3_000
  /// Characters after which the end of a sentence ends a paragraph, and after which anything does.
  private static let (enough, tooMuch) = (400, 900)

  /// Speech has no paragraphs: silences and sentences make them.
  private static func paragraphs(_ cues: [Cue]) -> [[(second: Int, text: String)]] {
    var paragraphs: [[(second: Int, text: String)]] = []
    var current: [(second: Int, text: String)] = []
    var length = 0
    var end: Int?
    for cue in cues {
      let text = cue.lines.joined(separator: " ")
      let pause = end.map { cue.start - $0 } ?? 0
      let endsSentence = current.last?.text.last.map { ".!?…。！？".contains($0) } ?? false
      if !current.isEmpty,
        pause >= silence || (length >= enough && endsSentence) || length >= tooMuch
      {
        paragraphs.append(current)
        (current, length) = ([], 0)
      }
      current.append((cue.start / 1000, text))
      length += text.unicodeScalars.count + 1
      end = cue.end
    }
    if !current.isEmpty { paragraphs.append(current) }
    return paragraphs
  }
}

extension Substring {
  /// With zeros behind it, so that `.4` is 400 thousandths.
  fileprivate func padded(to length: Int) -> String {
    self + String(repeating: "0", count: Swift.max(0, length - count))
  }
}
