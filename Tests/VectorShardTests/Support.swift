// What the suites of VectorShard share: a temporary directory, fixed chance, and small shards of made-up text.

import Glibc

@testable import VectorShard

/// A directory that is removed with everything in it when this object goes.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/vectorshard-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw ShardError.system(call: "mkdtemp", path: "/tmp", code: errno)
    }
    path = String(cString: made)
  }

  deinit { Self.remove(path) }

  /// Makes and names a folder inside.
  func folder(_ name: String) -> String {
    mkdir("\(path)/\(name)", 0o755)
    return "\(path)/\(name)"
  }

  private static func remove(_ path: String) {
    if let names = try? DurableFile.names(in: path) {
      for name in names { remove("\(path)/\(name)") }
    }
    if rmdir(path) != 0 { unlink(path) }
  }
}

/// Chance that is the same in every run.
struct FixedChance: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A unit vector; near `center` when one is given.
  mutating func unitVector(_ dimension: Int, near center: [Float]? = nil) -> [Float] {
    var numbers = (0..<dimension).map { _ in
      Float.random(in: -1...1, using: &self) + Float.random(in: -1...1, using: &self)
    }
    if let center { numbers = zip(numbers, center).map { $0 * 0.05 + $1 } }
    let length = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return numbers.map { Float(Double($0) / length) }
  }

  /// Made-up words, the early ones of the list far more often.
  mutating func words(_ count: Int) -> String {
    (0..<count).map { _ in
      let share = Double.random(in: 0..<1, using: &self)
      return Self.vocabulary[Int(share * share * Double(Self.vocabulary.count))]
    }.joined(separator: " ")
  }

  static let vocabulary = [
    "holiday", "office", "laptop", "travel", "receipt", "manager", "request", "approval", "train",
    "insurance", "parental", "leave", "salary", "bonus", "remote", "security", "badge", "kitchen",
    "parking", "bicycle", "training", "budget", "invoice", "supplier", "warranty", "coffee",
    "printer", "password", "rotation", "onboarding", "mentor", "review",
  ]
}

/// One row of a sample.
struct SampleRow: Sendable {
  let document: String
  let group: String
  let words: String
  let vector: [Float]
}

enum Sample {
  static let identity = "test-model"

  /// `count` rows in documents of one to four rows and three groups.
  static func rows(_ count: Int, dimension: Int, seed: UInt64, prefix: String = "d") -> [SampleRow]
  {
    var chance = FixedChance(seed)
    var rows: [SampleRow] = []
    var document = 0
    while rows.count < count {
      for _ in 0..<min(Int.random(in: 1...4, using: &chance), count - rows.count) {
        rows.append(
          SampleRow(
            document: "\(prefix)\(document)", group: "g\(document % 3)",
            words: chance.words(Int.random(in: 3...40, using: &chance)),
            vector: chance.unitVector(dimension)))
      }
      document += 1
    }
    return rows
  }

  /// A writer that holds the rows; each row's payload is its words.
  static func writer(_ rows: [SampleRow], dimension: Int) throws -> SegmentWriter {
    var writer = try SegmentWriter(identity: identity, dimension: dimension)
    var last = ""
    for row in rows {
      if row.document != last {
        _ = try writer.addDocument(
          ShardDocument(
            id: row.document, group: row.group, payload: Array("about \(row.document)".utf8)))
        last = row.document
      }
      try writer.addRow(
        document: writer.documentCount - 1, words: row.words, language: "en",
        vector: .unit(row.vector), payload: Array(row.words.utf8))
    }
    return writer
  }

  /// Writes one segment for each list of rows and publishes them as a generation.
  @discardableResult
  static func publish(
    _ parts: [[SampleRow]], dimension: Int, in directory: String, generation: Int = 1,
    deleting deleted: [Set<Int>] = []
  ) throws -> ShardManifest {
    var segments: [(reader: SegmentReader, deletedDocuments: Set<Int>)] = []
    for (number, part) in parts.enumerated() {
      let summary = try writer(part, dimension: dimension).write(into: directory)
      let reader = try SegmentReader(digest: summary.digest, in: directory)
      segments.append((reader, number < deleted.count ? deleted[number] : []))
    }
    let manifest = try ShardManifest(
      identity: identity, dimension: dimension, generation: generation, run: "run\(generation)",
      segments: segments)
    try ShardManifest.publish(manifest, in: directory)
    return manifest
  }
}

/// The current generation in a directory; an error when there is none.
func openShard(_ directory: String) throws -> ShardSet {
  guard let set = try ShardSet.open(directory: directory) else {
    throw ShardError.invalid("no shard in \(directory)")
  }
  return set
}

/// The folder that holds Package.swift.
func packageRoot(_ file: String = #filePath) -> String {
  var parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  while !parts.isEmpty, access(parts.joined(separator: "/") + "/Package.swift", F_OK) != 0 {
    parts = parts.dropLast()
  }
  return parts.joined(separator: "/")
}

extension ShardWords {
  /// As product code does in two steps.
  func search(
    _ text: String, language: String?, count: Int, where isAllowed: ((String) -> Bool)? = nil
  ) throws(ShardError) -> [ShardSet.Hit] {
    try search(question(text, language: language), count: count, where: isAllowed)
  }
}
