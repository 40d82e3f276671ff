// bobbin keys: the keys that sign tokens.

import App
import ArgumentParser

struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "The server's signing keys.", subcommands: [KeysRotate.self])
}

struct KeysRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Puts a new signing key first and keeps the one before.",
    discussion: """
      Restart the server afterwards. Tokens of the key before stay good until they end; rotating
      twice within a day ends visitors' sessions early.
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin keys rotate") {
      let configuration = try common.configuration()
      try await SpoolPlace.openDatabase(configuration.data)?
        .noteOnMachine("keys.rotate", "server", "signing")
      let id = try SecretKeys.rotate(data: configuration.data)
      print("\(id) signs from the server's next start on")
      return 0
    }
    throw ExitCode(code)
  }
}
