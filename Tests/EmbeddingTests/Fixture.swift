// Where the tests find fixtures and the model, and the model itself, loaded once a process and
// rung.
//
// Fixtures are under fixtures/embedding of the folder that holds Package.swift. The model is under
// BOBBIN_DATA, or var there; `make test` fetches it first, so a missing model is a failure with a
// sentence, not a skipped test.

import FoundationEssentials
import Glibc

@testable import Embedding

enum Fixture {
  /// The folder that holds Package.swift.
  static let root: String = {
    var parts = #filePath.split(separator: "/")
    while !parts.isEmpty {
      parts.removeLast()
      let folder = "/" + parts.joined(separator: "/")
      if access(folder + "/Package.swift", F_OK) == 0 { return folder }
    }
    return "."
  }()

  static let modelDirectory: String = {
    let data = getenv("BOBBIN_DATA").map { String(cString: $0) } ?? "var"
    return (data.hasPrefix("/") ? data : root + "/" + data) + "/" + MiniLM.directoryName
  }()

  /// The lines of a JSON Lines fixture.
  static func lines<Line: Decodable>(_ name: String, as: Line.Type) throws -> [Line] {
    let bytes = try Data(contentsOf: URL(filePath: root + "/fixtures/embedding/" + name))
    return try bytes.split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(Line.self, from: Data($0))
    }
  }

  private static let scalar = load(.scalar)
  private static let avx2 = load(.avx2)
  private static let avx512 = load(.avx512)
  private static let bf16 = load(.bf16)

  private static func load(_ rung: KernelRung) -> Result<Embedder, EmbeddingError> {
    Result { () throws(EmbeddingError) in
      try MiniLM.load(directory: modelDirectory, threads: 2, rung: rung)
    }
  }

  /// The model for a rung.
  ///
  /// Fails with a sentence naming `make model` when the weights are missing.
  static func embedder(_ rung: KernelRung) throws -> Embedder {
    switch rung {
    case .scalar: try scalar.get()
    case .avx2: try avx2.get()
    case .avx512: try avx512.get()
    case .bf16: try bf16.get()
    }
  }

  /// The fastest rung here.
  static func embedder() throws -> Embedder { try embedder(KernelRung.chosen()) }

  /// A new folder that the caller removes.
  static func temporaryFolder() throws -> String {
    let folder = TemporaryFolder.path + "/bobbin-embedding-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }
}

private enum TemporaryFolder {
  static let path = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
}

/// Cosine of two unit vectors.
func cosine(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
