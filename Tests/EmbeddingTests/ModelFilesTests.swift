// What loading says about files that are missing, damaged or not the model.

import FoundationEssentials
import Testing

@testable import Embedding

@Suite struct ModelFilesTests {
  @Test func `a missing model names the target that gets it`() throws {
    let error = #expect(throws: EmbeddingError.self) {
      try MiniLM.load(directory: "/nowhere", threads: 1)
    }
    #expect(error?.description.contains("make model") == true)
    #expect(error?.stopsStage == true)
    #expect(error?.isTransient == false)
  }

  @Test func `the model that was fetched has the digests of its identity`() throws {
    try MiniLM.verify(directory: Fixture.modelDirectory)
  }

  @Test func `a vocabulary with one byte changed is refused`() throws {
    let folder = try Fixture.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }  // best-effort clean-up
    var bytes = try MappedWeights(path: Fixture.modelDirectory + "/vocab.txt").withBytes {
      Array($0)
    }
    bytes[1000] ^= 1
    try Fixture.write(bytes, to: folder + "/vocab.txt")
    let error = #expect(throws: EmbeddingError.self) { try MiniLM.loadTokenizer(directory: folder) }
    #expect(error?.description.contains("has SHA-256") == true)
  }

  @Test func `weights with one infinite number are refused`() throws {
    let folder = try Fixture.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }  // best-effort clean-up
    let original = try SafetensorsFile(path: Fixture.modelDirectory + "/model.safetensors")
    var bytes = original.map.withBytes { Array($0) }
    let tensor = try original.checkFloats(
      "encoder.layer.3.intermediate.dense.weight", shape: [1536, 384])
    for (offset, byte) in [UInt8](arrayLiteral: 0, 0, 0x80, 0x7f).enumerated() {
      bytes[tensor.range.lowerBound + 4 * 1000 + offset] = byte
    }
    try Fixture.write(bytes, to: folder + "/model.safetensors")
    let file = try SafetensorsFile(path: folder + "/model.safetensors")
    #expect(
      throws: EmbeddingError.modelDamaged(
        path: folder + "/model.safetensors", reason: "a weight is not a finite number")
    ) { try EncoderWeights(file: file, rung: .scalar) }
  }

  @Test func `weights without a tensor are refused`() throws {
    let folder = try Fixture.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }  // best-effort clean-up
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let length = UInt8(header.utf8.count)
    try Fixture.write(
      [length, 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0, 0], to: folder + "/w")
    let error = #expect(throws: EmbeddingError.self) {
      try EncoderWeights(file: SafetensorsFile(path: folder + "/w"), rung: .scalar)
    }
    #expect(error?.description.contains("embeddings.word_embeddings.weight is missing") == true)
  }
}
