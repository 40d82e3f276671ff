// One event of a text/event-stream.

/// What a server sent as one event.
package struct ServerSentEvent: Hashable, Sendable {
  /// The event's type; `message` when the server gives none.
  package let type: String
  /// The data lines joined by line feeds.
  package let data: String
  /// The last id the stream has given so far; empty when none.
  package let lastID: String

  package init(type: String = "message", data: String, lastID: String = "") {
    self.type = type
    self.data = data
    self.lastID = lastID
  }
}
