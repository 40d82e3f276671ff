// The arguments of the server, shared by bobbin-serve and `bobbin serve`.

package import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import Spool
import Storage

/// Arguments of the query server; each replaces a variable of the environment.
package struct ServeOptions: ParsableArguments {
  @Option(help: "The data directory. [default: $BOBBIN_DATA or var]")
  package var data: String?

  @Option(help: "The spool's directory. [default: $BOBBIN_SPOOL or spool]")
  package var spool: String?

  @Option(help: "Address to listen on. [default: $BOBBIN_HOST or 127.0.0.1]")
  package var host: String?

  @Option(help: "Port to listen on, 0 for any free one. [default: $BOBBIN_PORT or 8080]")
  package var port: Int?

  package init() {}

  /// Serves until asked to stop; prints the links once it listens.
  package func serve(command: String) async throws {
    signal(SIGPIPE, SIG_IGN)
    do {
      var configuration = try Configuration()
      configuration.data = data ?? configuration.data
      configuration.spool = spool ?? configuration.spool
      configuration.host = host ?? configuration.host
      configuration.port = port ?? configuration.port
      try FileManager.default.createDirectory(
        atPath: configuration.data, withIntermediateDirectories: true)
      let isJSON = configuration.logFormat == "json"
      LoggingSystem.bootstrap { label in
        if isJSON { return JSONLogHandler(label: label, logLevel: .notice) }
        return StreamLogHandler.standardError(label: label)
      }
      let services = try Services(configuration)
      let chatbots = try await services.database.chatbots()
      let shownHost = configuration.host == "0.0.0.0" ? "localhost" : configuration.host
      try await Server.run(services) { port in
        StandardStream.output.line("listening on http://\(shownHost):\(port)/")
        for chatbot in chatbots {
          StandardStream.output.line(
            "  \(chatbot.name): http://\(shownHost):\(port)/c/\(chatbot.slug)")
        }
      }
      ProcessEnd.now(0)
    } catch let error as SecretKeysError {
      StandardStream.error.line("\(command): \(error)")
      throw ExitCode(78)
    } catch let error as ConfigurationError {
      StandardStream.error.line("\(command): \(error)")
      throw ExitCode(78)
    } catch let error as StorageError {
      StandardStream.error.line("\(command): \(error)")
      throw ExitCode(error.exitCode)
    } catch let error where "\(error)".contains("errno: 98") {
      StandardStream.error.line("\(command): the port is in use; choose another with --port")
      throw ExitCode(75)
    }
  }
}
