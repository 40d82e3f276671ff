// bobbin-fetch: arguments and wiring of the fetch stage.

import ArgumentParser
import CLinux
import Corpus
import FetchStage
import FoundationEssentials
import Spool
import StageCommand
import WebClient

@main
struct BobbinFetch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-fetch",
    abstract: "Gets the bytes of files and web pages.",
    discussion: """
      As a worker: bobbin-fetch --spool spool
      As a filter: bobbin-fetch ./manual.pdf https://example.com/page | bobbin-extract | jq .

      Private addresses are refused. BOBBIN_ALLOWED_HOSTS=host:port,… names exceptions.
      """)

  @OptionGroup var options: StageOptions

  @Argument(help: "Files and URLs to fetch when working as a filter.")
  var locations: [String] = []

  func run() async throws {
    // A page may have ten megabytes, and the next one a few kilobytes.
    clinux_return_blocks_of(1 << 20)
    let environment = ProcessInfo.processInfo.environment
    let exceptions = environment["BOBBIN_ALLOWED_HOSTS"] ?? ""
    let policy: AddressPolicy
    do {
      policy = try AddressPolicy(exceptions: exceptions)
    } catch {
      throw ValidationError("BOBBIN_ALLOWED_HOSTS: \(error)")
    }
    if !policy.exceptions.isEmpty, !options.quiet {
      StandardStream.error.line("allowed besides public addresses: \(exceptions)")
    }
    let transport = WebTransport.curl(
      .ownerGiven(policy), contact: environment["BOBBIN_CONTACT"])
    await StageProgram.run(options, records: locations.map(Self.source)) {
      FetchStage(
        data: options.dataDirectory, transport: transport,
        settings: try Self.settings(options.pipelineFile()))
    }
  }

  private static func settings(_ file: PipelineFile) throws -> FetchSettings {
    FetchSettings(
      hostDelay: .milliseconds(try file.number("FETCH_HOST_DELAY_MS", 1_000, from: 0)),
      slicePages: try file.number("FETCH_SLICE_PAGES", 50),
      sliceTime: .seconds(try file.number("FETCH_SLICE_S", 15)),
      requestTime: .seconds(try file.number("FETCH_REQUEST_S", 30)),
      pageTries: try file.number("FETCH_PAGE_TRIES", 4),
      firstDelay: try file.number("RETRY_FIRST_DELAY_MS", 30_000),
      longestDelay: try file.number("RETRY_LONGEST_DELAY_MS", 3_600_000),
      lastmodDays: try file.number("FETCH_LASTMOD_DAYS", 30, from: 0),
      harmfulTries: try file.number("RETRY_HARMFUL_TRIES", 3))
  }

  private static func source(_ location: String) -> Source {
    let name = SHA256Digest(of: location).shortName
    let isURL = location.hasPrefix("http://") || location.hasPrefix("https://")
    let last = location.split(separator: "/").last.map(String.init) ?? location
    return Source(
      source: SourceID(unchecked: name), document: DocumentID(unchecked: name),
      location: isURL ? .web(url: location) : .file(path: location), name: isURL ? location : last)
  }
}
