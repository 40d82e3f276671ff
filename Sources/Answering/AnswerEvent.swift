// The stream an answer is sent by: text first, then what it rests on, then the end. The events of POST /api/chat carry
// these and nothing else.

/// One step of a streamed answer.
///
/// Guarantee: any number of `delta`, then exactly one `sources`, then exactly one `done`.
package enum AnswerEvent: Sendable {
  /// The next piece of the message, never empty.
  case delta(String)
  /// The citations of the whole message, by number.
  case sources([Citation])
  /// The end, with the whole answer for the records; not all of it is for the visitor.
  case done(Answer)
}
