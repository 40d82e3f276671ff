// Log lines as JSON on standard error, one object a line, for whatever collects them; times are RFC 3339.

import Logging
import Spool

/// Writes JSON lines.
struct JSONLogHandler: LogHandler {
  let label: String
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var members: [String: JSONValue] = [
      "time": .string(APITime.text(WallClock.now())), "level": .string("\(event.level)"),
      "message": .string("\(event.message)"), "label": .string(label),
    ]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      members[key == "hb.request.id" ? "request_id" : key] = .string("\(value)")
    }
    StandardStream.error.line(
      String(decoding: JSONText.encode(JSONValue.object(members)), as: UTF8.self))
  }
}
