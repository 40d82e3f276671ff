// A message taken apart again: each of its sentences with the numbers it was given.

/// A sentence of a message with its citations.
package struct CitedSentence: Sendable, Hashable {
  package let text: String
  /// Numbers of the message's citations.
  package let numbers: [Int]

  /// The sentences of a message; marks belong to the sentence before them; code has none.
  package static func all(in message: String) -> [CitedSentence] {
    var found: [CitedSentence] = []
    let message = CodeSpans.masked(message)
    var rest = message[...]
    while let match = rest.firstMatch(of: #/(?: ?\[[0-9]{1,3}\])+/#) {
      var sentences = SentenceSplitter.sentences(of: String(rest[..<match.range.lowerBound]))
        .map(\.text)
      let numbers = CitedText.numbers(in: String(match.0))
      if let last = sentences.popLast() {
        found += sentences.map { CitedSentence(text: $0, numbers: []) }
        found.append(CitedSentence(text: last, numbers: numbers))
      } else if let last = found.popLast() {
        // "[1], [2]": no words between them.
        let more = numbers.filter { !last.numbers.contains($0) }
        found.append(CitedSentence(text: last.text, numbers: last.numbers + more))
      }
      rest = rest[match.range.upperBound...]
      // A mark before the full stop leaves the stop behind.
      while let first = rest.first, ".!?。！？ ".contains(first) { rest = rest.dropFirst() }
    }
    found += SentenceSplitter.sentences(of: String(rest)).map {
      CitedSentence(text: $0.text, numbers: [])
    }
    return found.map { CitedSentence(text: CodeSpans.unmasked($0.text), numbers: $0.numbers) }
  }
}
