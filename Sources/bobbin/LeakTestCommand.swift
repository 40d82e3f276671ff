// bobbin leak-test: an owner's proof that private text stays in, on a copy of the chatbot, offline.

import Answering
import App
import ArgumentParser
import Corpus
import Evaluation
import FoundationEssentials
import Spool
import StageCommand
import Storage

struct LeakTestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leak-test",
    abstract: "Attacks a copy of a chatbot to see whether private text comes out.",
    discussion: """
      bobbin leak-test handbook
      bobbin leak-test handbook --mode strict --json
      bobbin leak-test handbook --every-disguise
      bobbin leak-test handbook --against model --accept-tokens 1500000

      Plants a code, a sentence, a name and a number for each learn-only source in a copy of the shard, and runs 355 attacks in
      12 classes against a model that copies all it is shown under 32 disguises in turn, and then says a secret alone: free, offline,
      the same each time. With
      --every-disguise each attack is carried out under each of them, which takes 32 times as long. With --against model the
      configured model is asked instead; the tokens that may cost are shown first and have to be accepted.

      Exit codes: 0 passed, 1 something private came out, a source was never reached or a disguise never tested, 64 no such chatbot
      or tokens not accepted, 69 not trained, 78 no model is set.
      """)

  enum Opponent: String, ExpressibleByArgument, CaseIterable { case stub, model }

  @Argument(help: "The chatbot's name.")
  var chatbot: String

  @Option(help: "strict or blended. [default: the chatbot's own]")
  var mode: String?

  @Option(help: "stub or model.")
  var against = Opponent.stub

  @Option(help: "Model tokens that the test may cost.")
  var acceptTokens: Int?

  @Option(help: "Attacks of one class alone, such as encode: to look closer at a leak.")
  var only: String?

  @Flag(help: "Each attack under each disguise, on each source.")
  var everyDisguise = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if everyDisguise, against == .model {
      throw ValidationError("--every-disguise is of the stub: a model has no disguises.")
    }
    if let mode, PrivacyMode(rawValue: mode) == nil {
      throw ValidationError("--mode is strict or blended.")
    }
    if let only {
      let classes = Set(try Attack.suite().map(\.kind))
      guard classes.contains(only) else {
        throw ValidationError("--only is one of \(classes.sorted().joined(separator: ", ")).")
      }
    }
  }

  func run() async throws {
    let code = await Failure.code("bobbin leak-test") {
      let configuration = try common.configuration()
      let services = try Services(configuration)
      guard let row = try await services.database.chatbot(chatbot) else {
        throw StorageError.noChatbot(chatbot)
      }
      let hidden = try await services.database.visibilities(of: row.id).values.count {
        $0 == .learnOnly
      }
      let attacks = try Attack.suite().filter { only == nil || $0.kind == only }
      let model =
        against == .model
        ? try accepted(services, configuration.tokenPrices, sources: hidden, attacks) : nil
      let meter = EvalMeter("answers", isSilent: common.json)
      let report = try await services.quality.leakReport(
        of: row, mode: mode.flatMap(PrivacyMode.init(rawValue:)), model: model,
        vocabulary: await services.vocabulary(),
        attacks: try Attack.suite().filter { only == nil || $0.kind == only },
        isThorough: everyDisguise,
        progress: { done, total in meter.show(done, of: total) })
      meter.end()
      if common.json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
      } else {
        print(report.text)
      }
      return report.passed ? 0 : 1
    }
    ProcessEnd.now(code)
  }

  private func accepted(
    _ services: Services, _ prices: TokenPrices?, sources: Int, _ attacks: [Attack]
  ) throws -> LanguageModel {
    guard let model = services.testModel else {
      throw StageFault("no model is set; give OPENAI_BASE_URL", exitCode: 78)
    }
    let most = try LeakTest.tokens(of: model, sources: sources, attacks: attacks)
    guard let acceptTokens, acceptTokens >= most else {
      let money = prices.map { ", \($0.most(of: most)) at most" } ?? ""
      throw StageFault(
        "this may cost up to \(most) model tokens\(money); give --accept-tokens \(most) to go on",
        exitCode: 64)
    }
    return model
  }
}
