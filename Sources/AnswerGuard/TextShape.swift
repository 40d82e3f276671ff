// A text as the rules see it: its words, and its letters with all spacing taken out.
//
// Both sides are made here: what is citable (Fingerprint) and what is private (PassageRuns), so that their keys agree.

/// Words of a text and the runs in them.
struct TextShape {
  /// Words of a run that is a violation.
  static let runLength = 5
  /// Letters of a five-word run too short for the rule of 16, as such runs look when their spacing is gone.
  static let shortRun = 10...15

  let words: [Word]

  init(_ text: String) { words = WordReader.words(of: text) }
  init(words: [Word]) { self.words = words }

  /// The same without its numbers, nil when it has none.
  var withoutNumbers: TextShape? {
    let kept = words.filter { !$0.isNumber }
    return kept.count == words.count ? nil : TextShape(words: kept)
  }

  /// Where in the row of letters a paragraph begins.
  var paragraphStarts: [Int] {
    var starts: [Int] = []
    var place = 0
    for word in words {
      if word.isAfterBlankLine { starts.append(place) }
      place += word.letters.count
    }
    return starts
  }

  /// All letters in a row.
  var letters: [UInt32] { words.flatMap(\.letters) }

  /// The key of the 16 letters that begin at each place.
  static func letterKeys(_ letters: [UInt32]) -> [UInt64] {
    guard letters.count >= LetterWindow.runLength else { return [] }
    var window = LetterWindow()
    var keys: [UInt64] = []
    keys.reserveCapacity(letters.count)
    for letter in letters {
      window.push(letter)
      if window.isFull { keys.append(window.key) }
    }
    return keys
  }

  /// The key of the `length` words that begin at each place.
  static func wordKeys(_ words: [Word], length: Int, kind: Key.Kind) -> [UInt64] {
    guard words.count >= length else { return [] }
    return (0...(words.count - length)).map { start in
      Key.run(kind, words[start..<(start + length)].lazy.map(\.hash))
    }
  }
}
