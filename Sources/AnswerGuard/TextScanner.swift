// All readings of a reply at once, scalar by scalar; the same text in other pieces gives the same state.
//
// Guarantee: a violation is known at the scalar that completes it, at the latest at the next cut, where every reading is
// looked at as if the text ended there. So what was released is never found wanting later.

/// Reads a reply in every view.
struct TextScanner: Sendable {
  private let patterns: PrivatePatterns
  private var reader = WordReader()
  private var views = WordViews()
  private var markup = MarkupViews()
  private var codes = CodeViews()
  private var lineCodes = LineCodes()
  private var leet = LeetView()
  private var marked = MarkedLetters()
  private var turned = TurnedView()
  private var escapes = (Unescaper(), Unescaper())
  private var unescaped = (Track(.unescaped), Track(.unescaped))
  private var allowList: AllowList
  private var memory: ChatMemory?

  private(set) var violation: Violation?

  init(_ patterns: PrivatePatterns, unknownShare: Double?, memory: ChatMemory? = nil) {
    self.patterns = patterns
    allowList = AllowList(unknownShare: unknownShare)
    self.memory = memory
  }

  /// The chat's memory with what was released.
  var chatMemory: ChatMemory? { memory }

  /// Takes the next scalar.
  mutating func feed(_ scalar: Unicode.Scalar) {
    allowList.feed(scalar, patterns)
    if let word = reader.feed(scalar) {
      take(word)
      note(views.violation)
    }
    if scalar == "|" || scalar == "\t" { views.endCell(patterns) }
    note(markup.feed(scalar, patterns))
    note(leet.feed(scalar, patterns))
    note(marked.feed(scalar, patterns))
    note(turned.feed(scalar, patterns))
    codes.feed(scalar, patterns)
    lineCodes.feed(scalar, patterns)
    for plain in escapes.0.feed(scalar) { feedUnescaped(plain) }
    if scalar.isSpace {
      views.endPiece(patterns)
      allowList.endPiece(patterns)
      codes.endPiece()
      if scalar == "\n" || scalar == "\r" { views.endLine(patterns) }
    }
    note(views.violation ?? codes.violation ?? lineCodes.violation)
  }

  /// Looks at every reading as if the text ended here; to be called before what was fed is released.
  mutating func settle(isSentenceEnd: Bool) {
    settleWord()
    views.settle(patterns)
    note(views.violation)
    note(markup.settled(patterns))
    note(leet.settled(patterns))
    note(turned.settled(patterns))
    codes.settle(patterns)
    lineCodes.settle(patterns)
    note(codes.violation ?? lineCodes.violation)
    settleEscapes()
    if !reader.isInWord { allowList.settlePiece(patterns) }
    allowList.endSentence()
    note(allowList.broken.map { Violation(rule: $0, view: .plain) })
    if isSentenceEnd { views.endSentence() }
    guard violation == nil, var kept = memory else { return }
    if !kept.endSentence() { note(Violation(rule: .chatBudget, view: .plain)) }
    memory = kept
  }

  private mutating func take(_ word: Word) {
    views.push(word, patterns)
    allowList.push(word, patterns)
    if memory != nil, let key = views.plain.threeWords, patterns.runs.contains(key) {
      memory?.note(key)
    }
  }

  /// A word may be open when a text is cut in it or over.
  private mutating func settleWord() {
    guard reader.isInWord else { return }
    var copy = reader
    guard let word = copy.finish() else { return }
    var ended = views
    ended.push(word, patterns)
    ended.settle(patterns)
    note(ended.violation)
    var list = allowList
    list.push(word, patterns)
    list.endPiece(patterns)
    list.endSentence()
    note(list.broken.map { Violation(rule: $0, view: .plain) })
  }

  private mutating func feedUnescaped(_ scalar: Unicode.Scalar) {
    note(unescaped.0.feed(scalar, patterns))
    for twice in escapes.1.feed(scalar) { note(unescaped.1.feed(twice, patterns)) }
  }

  private mutating func settleEscapes() {
    var copy = self.escapes
    var tracks = unescaped
    for scalar in copy.0.finish() {
      note(tracks.0.feed(scalar, patterns))
      for twice in copy.1.feed(scalar) { note(tracks.1.feed(twice, patterns)) }
    }
    for twice in copy.1.finish() { note(tracks.1.feed(twice, patterns)) }
    note(tracks.0.settled(patterns) ?? tracks.1.settled(patterns))
  }

  private mutating func note(_ found: Violation?) {
    if violation == nil { violation = found }
  }
}
