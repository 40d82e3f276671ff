// The shape of a spool as text, in the manner of Postfix's qshape, and as JSON.

import App
import Spool

/// One look at the spool.
struct ShapeReport {
  private let shape: SpoolShape
  private let chatbots: ChatbotNames
  private let now: Int
  /// Lanes shown of a state.
  private let limit: Int

  init(_ place: SpoolPlace, _ filters: ItemFilters, stage: String?) throws {
    var filters = filters
    filters.stage = stage ?? filters.stage
    now = WallClock.now()
    shape = try SpoolShape(
      spool: place.spool, stages: place.stages,
      selecting: filters.selector(states: SpoolState.allCases, chatbots: place.chatbots), now: now)
    chatbots = place.chatbots
    limit = filters.limit ?? 20
  }

  // MARK: Text

  /// Wide enough for the largest count and a space, and never narrower than a table of small ones.
  private var columnWidth: Int {
    max(5, 1 + (shape.queues.map { "\($0.all.total)".count }.max() ?? 0))
  }

  var text: String {
    if shape.queues.isEmpty { return "empty" }
    let width = shape.queues.reduce(20) { width, queue in
      queue.lanes.prefix(limit).reduce(max(width, title(queue).count)) {
        max($0, label($1.lane).count)
      }
    }
    return shape.queues.map { text(of: $0, width: width) }.joined(separator: "\n\n")
  }

  private func title(_ queue: SpoolShape.Queue) -> String {
    "\(queue.stage)/\(queue.state.rawValue)"
  }

  private func label(_ lane: String) -> String { chatbots.slug(of: lane) ?? lane }

  private func text(of queue: SpoolShape.Queue, width: Int) -> String {
    let minutes = SpoolShape.minutes.map(String.init)
    let head = ["T"] + minutes + [(minutes.last ?? "") + "+"]
    var lines = [line(title(queue), head, width), line("TOTAL", queue.all, width)]
    for (lane, counts) in queue.lanes.prefix(limit) {
      lines.append(line(label(lane), counts, width))
    }
    if queue.lanes.count > limit {
      lines.append(padded("and \(queue.lanes.count - limit) more", width))
    }
    if let next = queue.nextDue {
      lines.append(
        padded("due", width) + "  \(queue.all.due) now, the next \(Spelling.due(next, now: now))")
    }
    if queue.strays > 0 {
      lines.append(padded("strays", width) + "  \(queue.strays), see `bobbin spool ls`")
    }
    return lines.joined(separator: "\n")
  }

  private func line(_ label: String, _ counts: SpoolShape.Counts, _ width: Int) -> String {
    line(label, ([counts.total] + counts.buckets).map(String.init), width)
  }

  private func line(_ label: String, _ cells: [String], _ width: Int) -> String {
    // The last column's head is longer than its kind.
    let last = cells.count - 1
    let columnWidth = columnWidth
    return padded(label, width)
      + cells.enumerated().map { padded($1, columnWidth + ($0 == last ? 1 : 0)) }.joined()
  }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  // MARK: JSON

  /// A line a state.
  func lines() throws -> [String] { try shape.queues.map { try json($0).line } }

  /// One line for all.
  func line() throws -> String {
    try JSONValue.object([
      ("at", .integer(now)), ("queues", .array(shape.queues.map(json))),
    ]).line
  }

  private func json(_ queue: SpoolShape.Queue) -> JSONValue {
    .object(
      [
        ("stage", .string(queue.stage)), ("state", .string(queue.state.rawValue)),
        ("minutes", .array(SpoolShape.minutes.map { .integer($0) })),
        ("strays", .integer(queue.strays)), ("oldest_ms", queue.oldest.map { .integer($0) }),
        ("next_due", queue.nextDue.map { .integer($0) }),
        (
          "lanes",
          .array(
            queue.lanes.map { lane, counts in
              .object(
                [
                  ("lane", .string(lane)),
                  ("chatbot", chatbots.slug(of: lane).map { .string($0) }),
                ] + fields(counts))
            })
        ),
      ] + fields(queue.all))
  }

  private func fields(_ counts: SpoolShape.Counts) -> [(String, JSONValue?)] {
    [
      ("total", .integer(counts.total)), ("due", .integer(counts.due)),
      ("buckets", .array(counts.buckets.map { .integer($0) })),
    ]
  }
}
