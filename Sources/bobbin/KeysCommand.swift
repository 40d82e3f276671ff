// bobbin keys: the keys that sign tokens.

import App
import ArgumentParser
import Spool

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
      do {
        try await SpoolPlace.openDatabase(configuration.data)?
          .noteOnMachine("keys.rotate", "server", "signing")
      } catch {
        // New keys may be what is needed most when a disk is full.
        StandardStream.error.line("bobbin keys rotate: not noted in the audit log: \(error)")
      }
      let id = try SecretKeys.rotate(data: configuration.data)
      print("\(id) signs from the server's next start on")
      return 0
    }
    throw ExitCode(code)
  }
}
