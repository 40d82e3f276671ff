// bobbin-serve: arguments and wiring of the query server.

import App
import ArgumentParser

@main
struct BobbinServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-serve",
    abstract: "Answers questions over HTTP.",
    discussion: """
      Settings come from the environment: BOBBIN_DATA, BOBBIN_SPOOL, BOBBIN_HOST, BOBBIN_PORT,
      OPENAI_BASE_URL and OPENAI_API_KEY for a language model, BOBBIN_IDLE_TIMEOUT.
      """)

  @OptionGroup var options: ServeOptions

  func run() async throws { try await options.serve(command: "bobbin-serve") }
}
