// bobbin serve: the query server, the same as bobbin-serve.

import App
import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answers questions over HTTP.")

  @OptionGroup var options: ServeOptions

  func run() async throws { try await options.serve(command: "bobbin serve") }
}
