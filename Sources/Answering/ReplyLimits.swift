// How long and how large one reply of a language model may be, and the clock of one reply under these limits.
//
// The clock counts words, not bytes: an endpoint that sends signs of life but no text is as silent as one that sends
// nothing. Pure: instants come in as values.

/// Limits of one reply.
package struct ReplyLimits: Hashable, Sendable {
  /// For each attempt: name, connection, TLS.
  package var connect: Duration
  /// From the request to the first token of text, all attempts together.
  package var firstToken: Duration
  /// The longest silence between two tokens.
  package var idle: Duration
  /// From the request to the end; a reply that lasts longer is stopped where it is.
  package var whole: Duration
  /// UTF-8 bytes of text; a longer reply is stopped there.
  package var textBytes: Int

  package init(
    connect: Duration = .seconds(5), firstToken: Duration = .seconds(60),
    idle: Duration = .seconds(30), whole: Duration = .seconds(300), textBytes: Int = 65_536
  ) {
    self.connect = connect
    self.firstToken = firstToken
    self.idle = idle
    self.whole = whole
    self.textBytes = textBytes
  }
}

/// The state of one reply's time limits.
struct ReplyDeadlines {
  typealias Instant = ContinuousClock.Instant

  /// What has lasted too long.
  enum Limit: Hashable {
    case firstToken, idle, whole
    /// What follows the reply's last word: its usage, the stream's end.
    case closing
  }

  /// How long an endpoint may take to close a reply that has its reason to end.
  static let closing = Duration.seconds(2)

  private let limits: ReplyLimits
  private let started: Instant
  private var lastText: Instant?
  private var ended: Instant?

  init(_ limits: ReplyLimits, started: Instant) {
    self.limits = limits
    self.started = started
  }

  /// Notes that text has come.
  mutating func spoke(at now: Instant) { lastText = now }

  /// Notes that no more text will come.
  mutating func closed(at now: Instant) { ended = ended ?? now }

  /// The limit that ends the reply first, and when.
  var next: (limit: Limit, at: Instant) {
    if let ended { return (.closing, ended + Self.closing) }
    let whole = (limit: Limit.whole, at: started + limits.whole)
    let silence =
      lastText.map { (limit: Limit.idle, at: $0 + limits.idle) }
      ?? (limit: .firstToken, at: started + limits.firstToken)
    return silence.at < whole.at ? silence : whole
  }

  /// The limit that is over, if one is.
  func expired(at now: Instant) -> Limit? { now >= next.at ? next.limit : nil }
}
