// Finds fixtures and shared data from the tests' own place, so that no machine's path stands in a test.

import Extraction
import FoundationEssentials

/// Files that tests read.
enum Fixtures {
  /// The folder that holds Package.swift.
  static let root: String = {
    var folder = #filePath
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      if FileManager.default.fileExists(atPath: folder + "/Package.swift") { return folder }
    }
    return "."
  }()

  static let folder = root + "/fixtures/extract"

  /// Data that is too large or not ours to keep here; tests that need it skip where it is absent.
  static let shared =
    ProcessInfo.processInfo.environment["BOBBIN_SHARED_DATA"] ?? root + "/../shared/data"

  static func hasShared(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: shared + "/" + name)
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(filePath: path)))
  }

  /// Extracts a fixture by its file name.
  static func extract(
    _ name: String, limits: ExtractionLimits = .init()
  ) throws -> ExtractedText {
    let file = name.split(separator: "/").last.map(String.init)
    return try Extractor.extract(
      bytes: bytes(folder + "/" + name), fileName: file, declaredType: nil, charset: nil,
      limits: limits)
  }

  /// Extracts text given in a test.
  static func extract(
    _ text: String, as fileName: String, charset: String? = nil
  ) throws -> ExtractedText {
    try Extractor.extract(
      bytes: Array(text.utf8), fileName: fileName, declaredType: nil, charset: charset,
      limits: .init())
  }
}
