// bobbin spool shape, ls and watch: what lies in the spool. They lock nothing for longer than it takes to ask and move
// nothing.

import App
import ArgumentParser
import Glibc
import Spool

struct SpoolShapeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shape", abstract: "Counts items by stage, state, lane and age.",
    discussion: """
      bobbin spool shape extract
      Columns are minutes that items have been in their state: T all of them, 5 up to five minutes,
      10 more than five and up to ten, and so on. With --json a line a state.
      """)

  @Argument(help: "Only this stage.")
  var stage: String?

  @OptionGroup var filters: ItemFilters
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await reporting("spool shape") {
      let place = try await SpoolPlace(common, stage: stage ?? filters.stage)
      let report = try ShapeReport(place, filters, stage: stage)
      print(common.json ? try report.lines().joined(separator: "\n") : report.text)
      return 0
    }
  }
}

struct SpoolWatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Shows the shape every second until Ctrl-C.",
    discussion: """
      bobbin spool watch --chatbot handbook
      On a terminal the table is redrawn; with --json there is a line a second.
      """)

  @Argument(help: "Only this stage.")
  var stage: String?

  @Option(help: "End after so many times.")
  var count: Int?

  @OptionGroup var filters: ItemFilters
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count takes a number from 1") }
  }

  func run() async throws {
    try await reporting("spool watch") {
      let place = try await SpoolPlace(common, stage: stage ?? filters.stage)
      let interrupted = StopFlag(heedingSignals: true)
      var shown = 0
      while !interrupted.isSet {
        let report = try ShapeReport(place, filters, stage: stage)
        if common.json {
          StandardStream.output.line(try report.line())
        } else if isatty(1) == 1 {
          // Home, each line's rest cleared, then what is below: less flicker than clearing first.
          let text = report.text.replacing("\n", with: "\u{1B}[K\n")
          StandardStream.output.write("\u{1B}[H\(text)\u{1B}[K\n\u{1B}[J")
        } else {
          StandardStream.output.line(report.text + "\n")
        }
        shown += 1
        if shown == count { break }
        for _ in 0..<10 where !interrupted.isSet {
          try await Task.sleep(for: .milliseconds(100))
        }
      }
      return 0
    }
  }
}

struct SpoolListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists items, and files that are none.",
    discussion: """
      bobbin spool ls fetch deferred --reason http_503
      AGE is how long an item has been in its state. A stray is a file whose name is no item's: no
      program moves or counts it. With --json a line an item, all of them unless --limit says less.
      """)

  /// Lines of a table nobody asked to be longer.
  private static let usualLimit = 200

  @Argument(help: "Only this stage.")
  var stage: String?

  @Argument(help: "Only this state.")
  var state: SpoolState?

  @OptionGroup var filters: ItemFilters
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await reporting("spool ls") {
      var filters = filters
      filters.stage = stage ?? filters.stage
      filters.state = state ?? filters.state
      let place = try await SpoolPlace(common, stage: filters.stage)
      let selector = try filters.selector(states: SpoolState.allCases, chatbots: place.chatbots)
      let now = WallClock.now()
      var items: [SpoolItem] = []
      var others: [(kind: String, file: SpoolFile)] = []
      for stage in place.stages where filters.stage == nil || filters.stage == stage {
        let directory = SpoolDirectory(spool: place.spool, stage: stage)
        for state in selector.states {
          let listing = try SpoolListing(directory, state)
          items += listing.items.filter { selector.matches($0, now: now) }
          if selector.takesUnnamed {
            others += listing.unfinished.map { ("unfinished", $0) }
            others += listing.strays.map { ("stray", $0) }
          }
        }
        if selector.takesUnnamed, filters.state == nil {
          others += try SpoolListing.strays(beside: directory).map { ("stray", $0) }
        }
      }
      let limit = filters.limit ?? (common.json ? Int.max : Self.usualLimit)
      if common.json {
        for item in items.prefix(limit) {
          print(try JSONValue.object(item.fields(now: now, place.chatbots)).line)
        }
        for other in others { print(try other.file.json(as: other.kind, now: now).line) }
      } else {
        show(items, others, limit: limit, chatbots: place.chatbots, now: now)
      }
      return 0
    }
  }

  private func show(
    _ items: [SpoolItem], _ others: [(kind: String, file: SpoolFile)], limit: Int,
    chatbots: ChatbotNames, now: Int
  ) {
    if items.isEmpty, others.isEmpty { print("nothing there") }
    var table = SpoolTable(
      ["ITEM", "WHERE", "AGE", "DUE", "TRIES", "REASON", "SIZE", "LANE", "CHATBOT", "CLAIM"],
      rightAligned: [2, 4, 6])
    for item in items.prefix(limit) {
      table.add([
        String(item.name.id.prefix(8)), "\(item.stage)/\(item.state.rawValue)",
        Spelling.age(item.file.age(at: now)), Spelling.due(item.name.due, now: now),
        "\(item.name.tries)", item.name.reason ?? "-", Spelling.bytes(item.file.byteCount),
        item.name.lane, chatbots.slug(of: item.name.lane) ?? "-", item.claimText,
      ])
    }
    if !table.isEmpty { print(table.text) }
    if items.count > limit { print("and \(items.count - limit) more (--limit)") }
    for other in others {
      let age = Spelling.age(other.file.age(at: now))
      print("\(other.kind)  \(other.file.path)  \(age)")
    }
  }
}
