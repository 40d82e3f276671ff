// The reader on a small file written here: what it accepts, and that damage is an error and never a
// crash.

import FoundationEssentials
import Testing

@testable import Embedding

@Suite struct SafetensorsFileTests {
  /// Padded with blanks, as every writer does, so that the tensors are aligned.
  private let header = """
    {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
    "b":{"dtype":"I64","shape":[1],"data_offsets":[24,32]}}
    """ + " "

  /// The file for a header, with some bytes of tensors behind it.
  private func file(_ header: String, dataCount: Int = 32) -> [UInt8] {
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
      + Array(header.utf8) + (0..<dataCount).map { UInt8($0) }
  }

  /// Opens bytes as a file: nil when they are refused.
  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile? {
    let folder = try Fixture.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }  // best-effort clean-up
    try Fixture.write(bytes, to: folder + "/x.safetensors")
    do {
      return try SafetensorsFile(path: folder + "/x.safetensors")
    } catch .modelDamaged {
      return nil
    }
  }

  @Test func `a sound file gives its tensors`() throws {
    let opened = try #require(try open(file(header)))
    #expect(opened.tensors.count == 2)
    let tensor = try opened.checkFloats("a", shape: [2, 3])
    #expect(tensor.range.count == 24)
    #expect(opened.map.withBytes { $0[tensor.range.lowerBound] } == 0)
  }

  @Test func `another name, shape or type than expected is refused`() throws {
    let opened = try #require(try open(file(header)))
    for (name, shape) in [("c", [2, 3]), ("a", [3, 2]), ("a", [6]), ("b", [1])] {
      #expect(throws: EmbeddingError.self) { try opened.checkFloats(name, shape: shape) }
    }
  }

  @Test func `a file cut at any length is refused`() throws {
    let bytes = file(header)
    for count in 1..<bytes.count {
      #expect(try open(Array(bytes[..<count])) == nil, "cut at \(count)")
    }
  }

  @Test func `a header byte changed is an error or a file that is still sound`() throws {
    let bytes = file(header)
    for position in 0..<(8 + header.utf8.count) {
      for change: UInt8 in [0x01, 0x10, 0x80, 0xff] {
        var changed = bytes
        changed[position] ^= change
        guard let opened = try open(changed) else { continue }
        for tensor in opened.tensors.values {
          #expect(tensor.range.upperBound <= changed.count)
        }
      }
    }
  }

  @Test(arguments: [
    #"{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,31]}}"#,
    #"{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,36]}}"#,
    #"{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}"#,
    #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
    #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}}"#,
    #"{"a":{"dtype":"F32","shape":[8],"data_offsets":[32,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[-8],"data_offsets":[0,32]}}"#,
    #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,32]}}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,32]}}"#,
    #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,32]}}"#,
    #"{"a":{"dtype":"F31","shape":[8],"data_offsets":[0,32]}}"#,
    #"{"a":{"dtype":"F32","shape":[8],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[8]}}"#, #"{"a":8}"#, #"[]"#, #"{}"#, #"{"a"#, "",
    #"{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},"b":{"dtype":"I64","shape":[2],"data_offsets":[16,32]}}"#,
    #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}"#,
  ])
  func `a header that does not fit its file is refused`(header: String) throws {
    #expect(try open(file(header)) == nil)
  }

  @Test func `a header length beyond a mebibyte is refused unread`() throws {
    var bytes = file(header)
    for length: UInt64 in [1 << 20 + 1, 1 << 32, 1 << 63, .max] {
      for byte in 0..<8 { bytes[byte] = UInt8(truncatingIfNeeded: length >> (8 * UInt64(byte))) }
      #expect(try open(bytes) == nil)
    }
  }

  @Test func `deep nesting is refused`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(try open(file(#"{"a":"# + deep)) == nil)
  }

  @Test func `a folder, an empty file and a missing file are told apart`() throws {
    let folder = try Fixture.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }  // best-effort clean-up
    try Fixture.write([], to: folder + "/empty")
    #expect(throws: EmbeddingError.modelMissing(path: folder + "/none")) {
      try SafetensorsFile(path: folder + "/none")
    }
    for path in [folder, folder + "/empty"] {
      #expect(
        throws: EmbeddingError.modelDamaged(
          path: path, reason: "not a regular file with anything in it")
      ) { try SafetensorsFile(path: path) }
    }
  }
}
