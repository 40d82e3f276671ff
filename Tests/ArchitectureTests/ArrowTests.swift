// The arrows of Sources/README.md as absences: what a target must not import.

import Foundation
import Testing

@Suite struct ArrowTests {
  /// What each target may import of ours.
  ///
  /// A target that is not listed here fails the test: draw its arrows first.
  static let arrows: [String: Set<String>] = [
    "AnswerGuard": [],
    "Billing": ["COpenSSL"],
    "Corpus": [],
    "Faults": [],
    "VectorShard": ["CKernels", "COpenSSL", "CStemmer", "CZstd", "Faults"],
    "Spool": ["CLinux", "COpenSSL", "CZstd", "Faults"],
    "WebClient": ["CCurl"],
    "Markup": ["CXML2"],
    "Packing": ["CZlib"],
    "Extraction": ["CArchive", "CPoppler", "Corpus", "Markup"],
    "Embedding": ["CKernels", "COpenSSL", "WebClient"],
    "Storage": ["Corpus"],
    "BlobStore": ["Corpus", "Spool"],
    "StageCommand": ["BlobStore", "Corpus", "Spool"],
    "FetchStage": ["BlobStore", "Corpus", "Markup", "Packing", "Spool", "WebClient"],
    "ExtractStage": ["BlobStore", "Corpus", "Extraction", "Spool"],
    "ChunkStage": ["Corpus", "Spool"],
    "EmbedStage": ["BlobStore", "Corpus", "Embedding", "Spool"],
    "IndexStage": ["BlobStore", "Corpus", "Spool", "VectorShard"],
    "Answering": ["AnswerGuard", "Corpus", "Embedding", "VectorShard", "WebClient"],
    "Evaluation": ["AnswerGuard", "Answering", "Corpus", "Embedding", "VectorShard"],
    "App": [
      "AnswerGuard", "Answering", "Billing", "BlobStore", "CCrypt", "CLinux", "COpenSSL", "Corpus",
      "Embedding", "Evaluation", "Packing", "Spool",
      "Storage", "VectorShard", "WebClient",
    ],
    "bobbin-fetch": ["CLinux", "Corpus", "FetchStage", "Spool", "StageCommand", "WebClient"],
    "bobbin-extract": ["BlobStore", "ExtractStage", "Extraction", "StageCommand"],
    "bobbin-chunk": ["ChunkStage", "Embedding", "StageCommand"],
    "bobbin-embed": ["BlobStore", "EmbedStage", "Embedding", "StageCommand", "WebClient"],
    "bobbin-index": ["BlobStore", "IndexStage", "StageCommand"],
    "bobbin-serve": ["App"],
    "bobbin": [
      "Answering", "App", "Corpus", "Embedding", "Evaluation", "Spool", "StageCommand", "Storage",
      "VectorShard",
    ],
  ]

  static let sources = Checkout.root.appendingPathComponent("Sources")

  /// Swift files of a target with their text.
  static func files(of target: String) throws -> [(name: String, text: String)] {
    let folder = sources.appendingPathComponent(target)
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }
    return try (names ?? []).filter { $0.hasSuffix(".swift") }.map { name in
      (name, try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8))
    }
  }

  /// The modules a text imports.
  static func imports(in text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count,
          words[..<index].allSatisfy({
            ["package", "private", "internal", "public", "@testable"].contains($0)
          })
        else { return nil }
        return words[index + 1].split(separator: ".").first.map(String.init)
      })
  }

  @Test func `each target imports only what its arrows allow`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
    let swiftFolders = try folders.filter {
      try !Self.files(of: $0).isEmpty && $0 != "bobbin-bench"
    }
    #expect(Set(swiftFolders) == Set(Self.arrows.keys))
    let ours = Set(Self.arrows.keys).union(folders)
    for (target, allowed) in Self.arrows {
      for file in try Self.files(of: target) {
        let stray = Self.imports(in: file.text).intersection(ours).subtracting(allowed)
        #expect(stray.isEmpty, "\(target)/\(file.name) imports \(stray.sorted())")
      }
    }
  }

  @Test(arguments: [
    ("GRDB", ["Storage"]), ("Hummingbird", ["App"]), ("CCurl", ["WebClient"]),
    ("CPoppler", ["Extraction"]), ("CXML2", ["Markup"]), ("CArchive", ["Extraction"]),
    ("CZlib", ["Packing"]),
  ])
  func `one target alone speaks to each library`(library: String, targets: [String]) throws {
    var found: Set<String> = []
    for target in Self.arrows.keys {
      for file in try Self.files(of: target) where Self.imports(in: file.text).contains(library) {
        found.insert(target)
      }
    }
    #expect(found == Set(targets))
  }

  @Test func `nothing in the sources can trap on purpose`() throws {
    for target in Self.arrows.keys {
      for file in try Self.files(of: target) {
        for word in ["fatal" + "Error(", "try" + "! ", "as" + "! "] {
          #expect(!file.text.contains(word), "\(target)/\(file.name) holds \(word)")
        }
      }
    }
  }

  @Test func `corpus does no input or output`() throws {
    for file in try Self.files(of: "Corpus") {
      #expect(Self.imports(in: file.text).isEmpty, "Corpus/\(file.name)")
    }
  }

  @Test func `learn only text has no encoder`() throws {
    // The compiler says so where it matters; this holds the declaration.
    let passage = try Self.files(of: "Corpus").first { $0.name == "Passage.swift" }?.text ?? ""
    #expect(passage.contains("package struct LearnOnly: Sendable, CustomStringConvertible"))
    #expect(!passage.contains("extension LearnOnly"))
    #expect(passage.contains("package struct Citable: Encodable"))
  }
}

/// This checkout.
enum Checkout {
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    while !FileManager.default.fileExists(
      atPath: folder.appendingPathComponent("Package.swift").path)
    {
      folder.deleteLastPathComponent()
    }
    return folder
  }()
}
