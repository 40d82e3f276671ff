// The runs of one private passage, in every order in which a reply may give them (steps 3 to 5): made once, whatever is citable.
//
// Reversal is done here and not on the reply: a text read backwards is a run of letters like any other, and its sixteenth
// letter is caught before it is out. Four orders: as written, all reversed, words reversed in place, words in reversed
// order. A run that is exempt is exempt in every order; so beside each key stand its origins, the keys of the runs as they
// are written, and what is citable excuses those. It also excuses a run that stands in citable text in the other order: who
// writes "including Huguenots" in private does not forbid to quote "Huguenots, including". Made of the passage alone, it
// is shared by all answers: PassageMemory.

/// Keys of the runs of a private passage.
struct PassageRuns: Sendable {
  /// Runs of 16 letters, those of 10 to 15 that are five whole words, runs of five words, and of three.
  private let keys: [UInt64]
  /// For each key where its origins are; the key is a secret as long as one of them is.
  private let spans: [Span]
  /// Keys of runs as they are written; 0 where the run is no secret anyway.
  private let origins: [UInt64]
  private let filter: KeyFilter
  /// The lengths of short runs among the letters.
  let shortLengths: [Int]

  /// Places among the origins.
  fileprivate struct Span: Hashable {
    let start: UInt32
    let count: UInt32
  }

  init(_ text: TextShape) {
    var builder = Builder()
    builder.add(text)
    if let bare = text.withoutNumbers { builder.add(bare) }
    var rows = builder.rows
    rows.sort { ($0.key, $0.span.start, $0.span.count) < ($1.key, $1.span.start, $1.span.count) }
    var keys: [UInt64] = []
    var spans: [Span] = []
    for (index, row) in rows.enumerated()
    where index == 0 || rows[index - 1].key != row.key || rows[index - 1].span != row.span {
      keys.append(row.key)
      spans.append(row.span)
    }
    var filter = KeyFilter(keyCount: keys.count, bitsPerKey: 16)
    for key in keys { filter.insert(key) }
    // Grown rows have room for more than they hold; these are kept.
    self.keys = keys.map(\.self)
    self.spans = spans.map(\.self)
    origins = builder.origins.map(\.self)
    self.filter = filter
    shortLengths = builder.shortLengths.sorted()
  }

  /// How many keys.
  var count: Int { keys.count }

  /// Bytes that it takes.
  var byteCount: Int {
    keys.capacity * 8 + spans.capacity * MemoryLayout<Span>.stride + origins.capacity * 8
      + filter.byteCount
  }

  /// Puts every key into a bitmap.
  func fill(_ filter: inout KeyFilter) {
    for key in keys { filter.insert(key) }
  }

  /// Whether it is a key here, a secret or not.
  func contains(_ key: UInt64) -> Bool {
    filter.mayContain(key) && keys.contains(sorted: key)
  }

  /// Whether it is the key of a run that does not stand in citable text, neither so nor as it is written here.
  ///
  /// - Parameter citable: the keys here that stand in citable text.
  func isSecret(_ key: UInt64, without citable: Set<UInt64>) -> Bool {
    guard filter.mayContain(key), !citable.contains(key) else { return false }
    var place = keys.firstIndex(sorted: key)
    while place < keys.count, keys[place] == key {
      let span = spans[place]
      let start = Int(span.start)
      let isSecret = origins[start..<(start + Int(span.count))].contains {
        $0 != Builder.noSecret && !citable.contains($0)
      }
      if isSecret { return true }
      place += 1
    }
    return false
  }

  /// A letter in the reversed alphabet.
  static func atbash(_ letter: UInt32) -> UInt32 {
    Letter.isLatin(letter) ? 0x61 + 0x7A - letter : letter
  }
}

/// Gathers the keys.
private struct Builder {
  /// The origin of runs that are no secret, whatever is citable.
  static let noSecret: UInt64 = 0

  var rows: [(key: UInt64, span: PassageRuns.Span)] = []
  var origins: [UInt64] = []
  var shortLengths: Set<Int> = []
  /// Where an origin stands first, so that a run which is there twice is kept once.
  private var places: [UInt64: PassageRuns.Span] = [:]

  mutating func add(_ text: TextShape) {
    addLetterRuns(text)
    addWordRuns(text)
    for key in TextShape.wordKeys(text.words, length: 3, kind: .threeWords) {
      rows.append((key, span(of: key)))
    }
  }

  private mutating func addLetterRuns(_ text: TextShape) {
    let plain = text.letters
    for run in UnspacedRow.runs(in: plain) {
      let span = span(of: UnspacedRow.key(plain[run]))
      rows.append((UnspacedRow.key(plain[run]), span))
      rows.append((UnspacedRow.key(plain[run].reversed()), span))
    }
    let keys = TextShape.letterKeys(plain)
    guard !keys.isEmpty else { return }
    var isPrivate = [Bool](repeating: true, count: keys.count)
    for place in text.paragraphStarts {
      // A heading that is citable but for the last letter of the line before it is no secret.
      for offset in Self.edge {
        for start in [place - offset, place - LetterWindow.runLength + offset]
        where isPrivate.indices.contains(start) { isPrivate[start] = false }
      }
    }
    let first = origins.count
    origins.append(contentsOf: zip(keys, isPrivate).map { $1 ? $0 : Self.noSecret })
    let spans: [PassageRuns.Span?] = zip(keys, isPrivate).enumerated().map { place, run in
      guard run.1 else { return nil }
      return span(of: run.0, at: first + place)
    }
    let leet = plain.map(LeetFold.fold)
    let atbash = plain.map(PassageRuns.atbash)
    // Figures would become letters, and "6 per cent" the same as "9 per cent": leet is for words.
    let leetSpans = zip(spans, windows(plain)).map { span, window in
      window.contains(where: Letter.isDigit) ? nil : span
    }
    for (row, spans) in [(plain, spans), (atbash, spans), (leet, leetSpans)] {
      insert(TextShape.letterKeys(row), spans)
      // The window that begins at a place of the reversed row ends there in the row itself.
      insert(TextShape.letterKeys(row.reversed()), spans.reversed())
    }
    addReorderedRuns(text, first, keys.count)
  }

  /// Runs with no more letters than this beyond a blank line are not counted.
  private static let edge = 1...2

  private func windows(_ row: [UInt32]) -> some Sequence<ArraySlice<UInt32>> {
    row.indices.lazy.map { row[$0..<min($0 + LetterWindow.runLength, row.count)] }
  }

  private mutating func insert(_ keys: [UInt64], _ spans: [PassageRuns.Span?]) {
    for (key, span) in zip(keys, spans) {
      if let span { rows.append((key, span)) }
    }
  }

  /// Where an origin stands, put last if it is new.
  private mutating func span(of key: UInt64, at known: Int? = nil) -> PassageRuns.Span {
    if let span = places[key] { return span }
    let span = PassageRuns.Span(start: UInt32(clamping: known ?? origins.count), count: 1)
    if known == nil { origins.append(key) }
    places[key] = span
    return span
  }

  /// Words in reversed order, and words reversed in place, which is the same row backwards.
  ///
  /// - Parameters:
  ///   - first: where the origin of the first run of letters is; the others follow it.
  ///   - count: how many there are.
  private mutating func addReorderedRuns(_ text: TextShape, _ first: Int, _ count: Int) {
    // The row of words in reversed order, and for each of its letters where its word lies in the text.
    var row: [UInt32] = []
    var words: [Range<Int>] = []
    var end = text.words.reduce(0) { $0 + $1.letters.count }
    for word in text.words.reversed() {
      let span = (end - word.letters.count)..<end
      row.append(contentsOf: word.letters)
      words.append(contentsOf: repeatElement(span, count: span.count))
      end = span.lowerBound
    }
    let length = LetterWindow.runLength
    guard row.count >= length else { return }
    let spans = (0...(row.count - length)).map { start -> PassageRuns.Span? in
      // Later in the row is earlier in the text.
      let begin = words[start + length - 1].lowerBound
      let end = min(words[start].upperBound - length + 1, count)
      guard end > begin else { return nil }
      return PassageRuns.Span(
        start: UInt32(clamping: first + begin), count: UInt32(clamping: end - begin))
    }
    insert(TextShape.letterKeys(row), spans)
    insert(TextShape.letterKeys(row.reversed()), spans.reversed())
  }

  private mutating func addWordRuns(_ text: TextShape) {
    let length = TextShape.runLength
    let keys = TextShape.wordKeys(text.words, length: length, kind: .wordRun)
    if !keys.isEmpty { addWords(text) }
    for (start, key) in keys.enumerated() {
      let run = text.words[start..<(start + length)]
      let span = span(of: key)
      let mirrored = run.map { Key.hash($0.letters.reversed()) }
      let leet = run.map { LeetFold.fold($0).hash }
      for hashes in [run.map(\.hash), mirrored, leet] {
        rows.append((Key.run(.wordRun, hashes), span))
        rows.append((Key.run(.wordRun, hashes.reversed()), span))
      }
      addShortRun(run, span)
    }
  }

  /// Each word of the runs, in every form: never a secret, only to see which words may be in one.
  private mutating func addWords(_ text: TextShape) {
    let span = span(of: Self.noSecret)
    for word in text.words {
      for hash in [word.hash, Key.hash(word.letters.reversed()), LeetFold.fold(word).hash] {
        rows.append((Key.mix(hash, Key.Kind.privateWord.rawValue), span))
      }
    }
  }

  private mutating func addShortRun(_ run: ArraySlice<Word>, _ span: PassageRuns.Span) {
    let plain = run.flatMap(\.letters)
    guard TextShape.shortRun.contains(plain.count) else { return }
    shortLengths.insert(plain.count)
    let turned = run.reversed().flatMap(\.letters)
    let orders = [
      plain, plain.reversed(), turned, turned.reversed(), plain.map(PassageRuns.atbash),
      plain.map(LeetFold.fold),
    ]
    for letters in orders {
      var window = LetterWindow()
      for letter in letters { window.push(letter) }
      rows.append((window.key(length: letters.count), span))
    }
  }
}
