// The reply on its way through the gate: held back to the end of a sentence, then released or ended.
//
// Guarantee: what was released is a prefix of the reply, cut at the end of a sentence, a line or 400 characters; it is the
// same however the reply was split; and `violation(in:adding:)` finds nothing in it. The reading goes on over all that was
// released, in registers, so no window has to be long enough.

/// Lets a model's reply out as far as it holds no private text.
package struct GuardedStream: Sendable {
  /// What came of a piece.
  package struct Outcome: Equatable, Sendable {
    /// The text to show now, often empty.
    package let released: String
    /// Why the reply was ended, once; afterwards nothing is released.
    package let violation: Violation?
  }

  private var scanner: TextScanner
  private var segmenter = Segmenter()
  private var buffer = String.UnicodeScalarView()
  private(set) package var isEnded = false

  package init(_ answerGuard: AnswerGuard, memory: ChatMemory? = nil) {
    scanner = TextScanner(
      answerGuard.patterns, unknownShare: answerGuard.unknownShare, memory: memory)
  }

  /// The chat's memory for the next answer.
  package var memory: ChatMemory? { scanner.chatMemory }

  /// Takes the next piece of the reply.
  package mutating func feed(_ piece: String) -> Outcome {
    var released = String.UnicodeScalarView()
    for scalar in piece.unicodeScalars where !isEnded {
      buffer.append(scalar)
      scanner.feed(scalar)
      guard segmenter.feed(scalar) else {
        if scanner.violation != nil { return end(released) }
        continue
      }
      scanner.settle(isSentenceEnd: segmenter.isSentenceEnd)
      if scanner.violation != nil { return end(released) }
      released.append(contentsOf: buffer)
      buffer = String.UnicodeScalarView()
    }
    return Outcome(released: String(released), violation: nil)
  }

  /// What is left when the reply is over.
  package mutating func finish() -> Outcome {
    guard !isEnded else { return Outcome(released: "", violation: nil) }
    scanner.settle(isSentenceEnd: true)
    if scanner.violation != nil { return end(String.UnicodeScalarView()) }
    isEnded = true
    defer { buffer = String.UnicodeScalarView() }
    return Outcome(released: String(buffer), violation: nil)
  }

  private mutating func end(_ released: String.UnicodeScalarView) -> Outcome {
    isEnded = true
    buffer = String.UnicodeScalarView()
    return Outcome(released: String(released), violation: scanner.violation)
  }
}
