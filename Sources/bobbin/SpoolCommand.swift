// bobbin spool: looks into the spool and moves items by hand. This file holds what the subcommands share: where the spool
// lies, the filters, and what their errors mean to a shell. No subcommand needs a database; where there is one, lanes get
// their chatbots' names.

import App
import ArgumentParser
import Corpus
import FoundationEssentials
import Glibc
import Spool
import StageCommand
import Storage

struct SpoolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spool",
    abstract: "Looks into the spool and moves its items.",
    discussion: """
      bobbin spool shape                     how much of what age lies where
      bobbin spool ls chunk failed           the items of one state
      bobbin spool show 9f86d081             one item with its records and its reason
      bobbin spool retry --reason http_503   moves items; a receipt is written first

      An ITEM is six or more digits of its id, its file's name, or its path. What the words mean:
      spool/README.md. Exit codes: 0 done, 64 usage, 65 something could not be moved,
      69 no such item, 74 I/O.
      """,
    subcommands: [
      SpoolShapeCommand.self, SpoolListCommand.self, SpoolShowCommand.self,
      SpoolWatchCommand.self, SpoolRetryCommand.self, SpoolHoldCommand.self,
      SpoolReleaseCommand.self, SpoolDropCommand.self,
    ])
}

extension SpoolState: ExpressibleByArgument {}

/// Which items are meant.
struct ItemFilters: ParsableArguments {
  @Option(help: "Only this stage: fetch, extract, chunk, embed, index or ledger.")
  var stage: String?

  @Option(help: "Only this state.")
  var state: SpoolState?

  @Option(help: "Only this lane, a chatbot's id.")
  var lane: String?

  @Option(help: "Only this chatbot, by its name.")
  var chatbot: String?

  @Option(help: "Only items whose last try ended with this reason.")
  var reason: String?

  @Option(help: "Only what has been in its state for so many minutes.")
  var olderThan: Int?

  @Option(help: "At most so many: items, of shape and watch lanes of a state.")
  var limit: Int?

  func validate() throws {
    if lane != nil, chatbot != nil {
      throw ValidationError("--lane and --chatbot name the same thing: give one")
    }
    if let olderThan, !(0...100_000_000).contains(olderThan) {
      throw ValidationError("--older-than takes minutes from 0")
    }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1") }
  }

  /// Whether anything narrows the choice.
  var isEmpty: Bool {
    stage == nil && state == nil && lane == nil && chatbot == nil && reason == nil
      && olderThan == nil
  }

  func selector(
    states: [SpoolState], chatbots: ChatbotNames
  ) throws -> ItemSelector {
    var selector = ItemSelector()
    selector.stage = stage
    selector.states = state.map { [$0] } ?? states
    selector.lane = try lane ?? chatbot.map { try chatbots.lane(of: $0) }
    selector.reason = reason
    selector.olderThan = olderThan.map { $0 * 60_000 }
    return selector
  }
}

/// A spool that is looked at.
struct SpoolPlace {
  let spool: String
  let data: String
  /// The stages that have a directory, in the pipeline's order.
  let stages: [String]
  /// Nil where there is none, or none that opens.
  let database: AppDatabase?
  let chatbots: ChatbotNames

  /// Opens what is there and makes nothing.
  ///
  /// - Throws: `StageFault` (74) when there is no spool, (64) for a stage it does not have.
  init(_ common: CommonOptions, stage: String? = nil) async throws {
    let settings = try App.Configuration()
    spool = common.spool ?? settings.spool
    data = common.data ?? settings.data
    guard DurableFile.exists(spool) else {
      throw StageFault(
        "no spool at \(spool): name it with --spool or BOBBIN_SPOOL; the first ingest makes it",
        exitCode: 74)
    }
    let order = try PipelineFile(chosen: nil).stages + [Ledger.stage]
    stages = try SpoolListing.stages(of: spool, order: order)
    if let stage, !stages.contains(stage), !order.contains(stage) {
      throw StageFault(
        "no stage \(stage); there are \(order.joined(separator: ", "))", exitCode: 64)
    }
    database = Self.openDatabase(data)
    // A lane without a name is still a lane: rows that cannot be read are no reason to stop.
    chatbots = ChatbotNames((try? await database?.chatbots()) ?? [])
  }

  /// The rows, if there are any.
  static func openDatabase(_ data: String) -> AppDatabase? {
    let path = "\(data)/bobbin.sqlite"
    guard DurableFile.exists(path) else { return nil }
    do throws(StorageError) {
      return try AppDatabase(path: path)
    } catch {
      StandardStream.error.line("bobbin: rows are not shown: \(error)")
      return nil
    }
  }
}

/// Lanes and the chatbots they belong to.
struct ChatbotNames {
  private let slugs: [String: String]

  init(_ chatbots: [Chatbot]) {
    slugs = Dictionary(
      chatbots.map { ($0.id.text, $0.slug) }, uniquingKeysWith: { first, _ in first })
  }

  var isEmpty: Bool { slugs.isEmpty }

  /// The chatbot's name; nil when no row knows it.
  func slug(of lane: String) -> String? { slugs[lane] }

  /// The lane of a chatbot's name.
  func lane(of slug: String) throws -> String {
    guard let found = slugs.first(where: { $0.value == slug || $0.key == slug }) else {
      throw StorageError.noChatbot(slug)
    }
    return found.key
  }
}

/// Runs the body of a looking command and turns its errors into sentences and exit codes.
func reporting(_ command: String, _ body: () async throws -> Int32) async throws {
  let code: Int32
  do {
    code = try await body()
  } catch let error as ExitCode {
    throw error
  } catch {
    StandardStream.error.line("bobbin \(command): \(error)")
    code =
      switch error {
      case let error as SelectorError:
        if case .none = error { 69 } else { 64 }
      case let error as TraceError:
        if case .none = error { 69 } else { 64 }
      case let error as StageFault: error.exitCode
      case let error as StorageError: error.exitCode
      case is ConfigurationError: 78
      case is SpoolError: 74
      default: 70
      }
  }
  if code != 0 { throw ExitCode(code) }
}
