// bobbin shard rollback and publish: an order to bobbin-index, carried out at once, and what came of it.

import App
import ArgumentParser
import Corpus
import Foundation
import Spool
import StageCommand
import Storage
import VectorShard

struct ShardRollback: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Lets an earlier generation answer again.",
    discussion: "bobbin shard rollback handbook 3; without a number the one before the current.")

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Argument(help: "A kept generation.")
  var generation: Int?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin shard rollback") {
      let access = try ShardAccess(common)
      let row = try await access.chatbot(chatbot)
      let directory = access.directory(of: row)
      let kept = try ShardManifest.generations(in: directory)
      let current = try? ShardManifest.currentGeneration(in: directory)
      guard let wanted = generation ?? kept.last(where: { $0 < current ?? Int.max }) else {
        throw StageFault("\(row.slug) has no earlier generation", exitCode: 69)
      }
      return try await ShardMove(access: access, chatbot: row, json: common.json)
        .carryOut(.rollback, wanted)
    }
    throw ExitCode(code)
  }
}

struct ShardPublish: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Lets a generation answer that the shrink guard or its evaluation holds back.",
    discussion: "bobbin shard publish handbook; bobbin status handbook says why it is held.")

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Argument(help: "A held generation. [default: the newest]")
  var generation: Int?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin shard publish") {
      let access = try ShardAccess(common)
      let row = try await access.chatbot(chatbot)
      let held = try ShardManifest.held(in: access.directory(of: row))
      guard let wanted = generation ?? held.last else {
        throw StageFault("no generation of \(row.slug) is held back", exitCode: 69)
      }
      return try await ShardMove(access: access, chatbot: row, json: common.json)
        .carryOut(.publish, wanted)
    }
    throw ExitCode(code)
  }
}

/// One order, from rows to the generation that answers.
private struct ShardMove {
  let access: ShardAccess
  let chatbot: Chatbot
  let json: Bool

  private struct Result: Encodable {
    let chatbot: String
    let generation: Int?
    let moved: Bool
    let difference: DifferenceText.Lists?
  }

  func carryOut(_ action: IndexOrder.Action, _ generation: Int) async throws -> Int32 {
    let configuration = access.configuration
    let directory = access.directory(of: chatbot)
    let drain = LedgerDrain(spool: configuration.spool, database: access.database)
    let training = Training(spool: configuration.spool, database: access.database)
    try await drain.drain()
    // The generation that is left may be damaged: then there is nothing to compare with.
    try await access.database.noteOnMachine(
      "generation.\(action.rawValue)", "chatbot", chatbot.id.text, ["generation": "\(generation)"])
    let before = try? GenerationDocuments.all(in: try access.set(of: chatbot, generation: nil))
    let run = try await training.order(action, generation: generation, of: chatbot.id)
    let code = try await runIndex()
    try await drain.drain()
    try await training.advance()
    let progress = try await access.database.progress(of: run)
    let current = try ShardManifest.currentGeneration(in: directory)
    guard progress.generation == generation, current == generation else {
      StandardStream.error.line(
        progress.heldReason ?? "the order waits in spool/index; bobbin status \(chatbot.slug)")
      if code != 0 { return code }
      return progress.state == "running" ? 75 : 65
    }
    let after = try GenerationDocuments.all(in: try access.set(of: chatbot, generation: nil))
    let difference = before.map { GenerationDifference(from: $0, to: after) }
    if json {
      try printJSON(
        Result(
          chatbot: chatbot.slug, generation: current, moved: true,
          difference: difference.map(DifferenceText.Lists.init)))
    } else {
      if let difference { print(DifferenceText(difference).text) }
      print("\(chatbot.slug): generation \(generation) answers now")
    }
    return 0
  }

  /// Drains spool/index once; waiting blocks a thread of its own.
  private func runIndex() async throws -> Int32 {
    let configuration = access.configuration
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        do {
          let process = Process()
          process.executableURL = URL(fileURLWithPath: "\(Supervisor.directory)/bobbin-index")
          process.arguments = [
            "--spool", configuration.spool, "--data", configuration.data, "--quiet",
          ]
          process.standardInput = FileHandle.nullDevice
          try process.run()
          process.waitUntilExit()
          continuation.resume(
            returning: process.terminationReason == .exit ? process.terminationStatus : 70)
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}
