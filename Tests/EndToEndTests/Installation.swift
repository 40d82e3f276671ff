// A Bobbin of its own for one test: data directory, spool, and the model by a link.

import Foundation
import TestSupport

final class Installation: Sendable {
  let folder: TemporaryFolder
  var data: String { folder.path + "/data" }
  var spool: String { folder.path + "/spool" }

  /// - Parameter model: whether the weights are there.
  init(model: Bool = true) throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/data", withIntermediateDirectories: true)
    if model {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/data/models",
        withDestinationPath: Checkout.modelData.appendingPathComponent("models").path)
    }
  }

  func tool(_ name: String, _ more: [String: String] = [:]) -> Tool {
    Tool(
      name,
      ["BOBBIN_DATA": data, "BOBBIN_SPOOL": spool, "BOBBIN_DISK_RESERVE_MIB": "16"]
        .merging(more) { _, given in given })
  }

  /// `bobbin ingest --json`, decoded.
  func ingest(
    _ chatbot: String, _ sources: [String], _ options: [String] = [],
    environment: [String: String] = [:]
  ) async throws -> (exitCode: Int32, report: Report, errors: String) {
    let result = try await tool("bobbin", environment).run(
      ["ingest", chatbot] + sources + ["--json"] + options)
    let report = try? JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    return (result.exitCode, report ?? Report(), result.errors + result.output)
  }

  /// `bobbin ask --json`, decoded.
  func ask(_ chatbot: String, _ question: String) async throws -> (exitCode: Int32, answer: Reply) {
    let result = try await tool("bobbin").run(["ask", chatbot, question, "--json"])
    let reply = try? JSONDecoder().decode(Reply.self, from: Data(result.output.utf8))
    return (result.exitCode, reply ?? Reply(message: result.output + result.errors))
  }
}

struct Report: Decodable {
  struct Document: Decodable {
    let uri: String
    let state: String
    var reason: String?
    var message: String?
    let chunks: Int
    let pages: Int
  }

  var generation: Int?
  var tokensEmbedded = 0
  var documents: [Document] = []

  /// State or reason of each document, by name.
  var outcomes: [String: String] {
    Dictionary(documents.map { ($0.uri, $0.reason ?? $0.state) }, uniquingKeysWith: { a, _ in a })
  }
}

struct Reply: Decodable {
  struct Source: Decodable {
    struct Place: Decodable {
      var page: Int?
      var heading: String?
    }

    let n: Int
    let title: String
    var url: String?
    let place: Place
    let quote: String
  }

  var message = ""
  var answered = false
  var sources: [Source] = []
}
