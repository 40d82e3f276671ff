// bobbin-extract: arguments and wiring of the extract stage, and the process in which a document is parsed.

import ArgumentParser
import BlobStore
import ExtractStage
import Extraction
import Glibc
import StageCommand

@main
struct BobbinExtract: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bobbin-extract",
    abstract: "Reads fetched files and pages into text with its places.",
    discussion: """
      As a worker: bobbin-extract --spool spool
      As a filter: bobbin-fetch ./manual.pdf | bobbin-extract | jq -r .content.text

      Each document is parsed in a process of its own with limits on memory, time and output.
      """)

  @OptionGroup var options: StageOptions

  static func main() async {
    // First of all: a child limits itself before it reads a byte.
    if let code = SandboxChild.runIfRequested(arguments: CommandLine.arguments) { Glibc.exit(code) }
    await main(nil)
  }

  func run() async throws {
    let stage = ExtractStage(
      blobs: DirectoryBlobs(data: options.dataDirectory),
      sandbox: Sandbox(executable: "/proc/self/exe", limits: ExtractionLimits()))
    await StageProgram.run(stage, options)
  }
}
