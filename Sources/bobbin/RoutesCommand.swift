// bobbin routes: what the server answers to, and to whom.

import App
import ArgumentParser

struct RoutesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "routes", abstract: "Lists what the server answers to, and who may use it.",
    discussion: """
      bobbin routes --public        what somebody without an account can reach, and nothing else

      any: anybody. visitor: the token of one chat session. owner: an account's access token or API key. user: its access token
      only. admin: an operator's. signed: a signature over the body.
      """)

  @Flag(name: .customLong("public"), help: "Only what needs no account.")
  var onlyPublic = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let code = await Failure.code("bobbin routes") {
      let lines = try Services(common.configuration()).routeLines()
        .filter { $0.isPublic || !onlyPublic }
      if common.json {
        for line in lines { try printJSON(line) }
      } else {
        var table = SpoolTable(["METHOD", "PATH", "WHO", "WHAT"])
        for line in lines { table.add([line.method, line.path, line.access, line.summary]) }
        print(table.text)
      }
      return 0
    }
    throw ExitCode(code)
  }
}
