// bobbin spool retry, hold, release and drop: a person moves items. Arguments and words; what is done, and in which order,
// is Spool/OperatorMove.swift.

import App
import ArgumentParser
import Glibc
import Spool
import StageCommand

struct SpoolRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Lets failed and deferred items be tried again now.",
    discussion: """
      bobbin spool retry 9f86d081
      bobbin spool retry --stage fetch --state deferred --reason connection
      The item goes to incoming, due now, with one more try counted and without its reason.
      """)

  @OptionGroup var choice: MoveChoice

  func run() async throws { try await choice.run(.retry) }
}

struct SpoolHoldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold", abstract: "Puts waiting items aside until they are released.",
    discussion: """
      bobbin spool hold --chatbot handbook
      Takes items of incoming and deferred; nobody works on what is in hold.
      """)

  @OptionGroup var choice: MoveChoice

  func run() async throws { try await choice.run(.hold) }
}

struct SpoolReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Lets held items go on.",
    discussion: """
      bobbin spool release --chatbot handbook
      The item goes to incoming, due now, with its tries as they were.
      """)

  @OptionGroup var choice: MoveChoice

  func run() async throws { try await choice.run(.release) }
}

struct SpoolDropCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Removes items for good.",
    discussion: """
      bobbin spool drop 9f86d081
      Asks on a terminal; elsewhere it needs --yes. The documents of the items end with reason
      dropped; only a new ingest brings them back. A claimed item is not dropped.
      """)

  @OptionGroup var choice: MoveChoice

  @Flag(help: "Do not ask.")
  var yes = false

  func run() async throws { try await choice.run(.drop, confirmed: yes) }
}

/// Which items are to be moved.
struct MoveChoice: ParsableArguments {
  @Argument(help: "Items by six or more digits of their ids, by file name or path.")
  var items: [String] = []

  @OptionGroup var filters: ItemFilters
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if items.isEmpty, filters.isEmpty {
      throw ValidationError(
        "name an ITEM, or choose items by --stage, --state, --lane, --chatbot, --reason or "
          + "--older-than")
    }
  }

  func run(_ verb: OperatorVerb, confirmed: Bool = true) async throws {
    try await reporting("spool \(verb.rawValue)") {
      let place = try await SpoolPlace(common, stage: filters.stage)
      let now = WallClock.now()
      let chosen = try choose(verb, place, now: now)
      if !chosen.isEmpty, !confirmed, !(try confirms(chosen)) { return 64 }
      try await note(verb, chosen, place)
      let move = OperatorMove(spool: place.spool) { ItemDocuments.ids(of: $0) }
      let results = try move.apply(verb, to: chosen, now: now)
      for (item, result) in results {
        print(
          common.json
            ? try json(item, result, verb, place, now: now) : text(item, result, verb))
      }
      if results.isEmpty, !common.json { print("nothing fits, nothing was moved") }
      return results.contains { if case .refused = $0.result { true } else { false } } ? 65 : 0
    }
  }

  /// Notes what is about to be moved.
  ///
  /// A database that is in trouble does not keep the spool from being put right.
  private func note(_ verb: OperatorVerb, _ items: [SpoolItem], _ place: SpoolPlace) async throws {
    do {
      for item in items where verb.sources.contains(item.state) {
        try await place.database?.noteOnMachine(
          "item.\(verb.rawValue)", "item", item.name.id,
          ["stage": item.stage, "lane": item.name.lane])
      }
    } catch {
      StandardStream.error.line("bobbin spool: not noted in the audit log: \(error)")
    }
  }

  private func choose(
    _ verb: OperatorVerb, _ place: SpoolPlace, now: Int
  ) throws -> [SpoolItem] {
    if items.isEmpty {
      if let state = filters.state, !verb.sources.contains(state) {
        throw StageFault(
          "\(verb.rawValue) takes items of "
            + verb.sources.map(\.rawValue).joined(separator: ", ") + ", not of \(state.rawValue)",
          exitCode: 64)
      }
      let selector = try filters.selector(states: verb.sources, chatbots: place.chatbots)
      let found = try selector.items(in: place.spool, stages: place.stages, now: now)
      return Array(found.prefix(filters.limit ?? Int.max))
    }
    var paths: Set<String> = []
    return try items.map { text in
      // A named item is looked for everywhere, so that the answer can say why it is not moved.
      var selector = try filters.selector(
        states: SpoolState.allCases.filter { $0 != .tmp }, chatbots: place.chatbots)
      try selector.name(text)
      return try selector.item(
        in: place.spool, stages: place.stages, preferring: verb.sources, now: now)
    }.filter { paths.insert($0.file.path).inserted }
  }

  /// Asks on a terminal.
  private func confirms(_ chosen: [SpoolItem]) throws -> Bool {
    guard isatty(0) == 1 else {
      throw StageFault(
        "\(Spelling.count(chosen.count, "item")) would be removed for good; say --yes to do it",
        exitCode: 64)
    }
    for item in chosen.prefix(10) {
      StandardStream.error.line(
        "  \(item.name.id.prefix(8))  \(item.stage)/\(item.state.rawValue)  \(item.name.lane)")
    }
    if chosen.count > 10 { StandardStream.error.line("  and \(chosen.count - 10) more") }
    StandardStream.error.write("Remove \(Spelling.count(chosen.count, "item")) for good? [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased())
  }

  private func text(
    _ item: SpoolItem, _ result: OperatorMove.Result, _ verb: OperatorVerb
  ) -> String {
    let head = "\(item.name.id.prefix(8))  \(item.stage)/\(item.state.rawValue)"
    switch result {
    case .refused(let why): return "\(head)  not moved: \(why)"
    case .moved(nil, _): return "\(head)  dropped"
    case .moved(let state?, let name):
      return "\(head) → \(state.rawValue)"
        + (verb == .hold ? "" : ", due now") + ", tries \(name.tries)"
    }
  }

  private func json(
    _ item: SpoolItem, _ result: OperatorMove.Result, _ verb: OperatorVerb, _ place: SpoolPlace,
    now: Int
  ) throws -> String {
    var fields = item.fields(now: now, place.chatbots)
    fields.append(("verb", .string(verb.rawValue)))
    switch result {
    case .moved(let state, let name):
      let directory = SpoolDirectory(spool: place.spool, stage: item.stage)
      fields += [
        ("moved", .bool(true)), ("to", state.map { .string($0.rawValue) }),
        ("now_at", state.map { .string(directory.file($0, name.fileName)) }),
      ]
    case .refused(let why): fields += [("moved", .bool(false)), ("message", .string(why))]
    }
    return try JSONValue.object(fields).line
  }
}
