import Corpus
import Foundation
import TestSupport
import Testing

@testable import BlobStore

@Suite struct DirectoryBlobsTests {
  let folder: TemporaryFolder
  let blobs: DirectoryBlobs

  init() throws {
    folder = try TemporaryFolder()
    blobs = DirectoryBlobs(data: folder.path)
  }

  @Test func `bytes come back by their digest`() throws {
    let reference = try blobs.put(Array("abc".utf8))
    // FIPS 180-4, the example of one block.
    #expect(
      reference.blob
        == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(reference.bytes == 3)
    #expect(try blobs.get(reference) == Array("abc".utf8))
    #expect(try blobs.put(Array("abc".utf8)) == reference)
  }

  @Test func `a changed blob is told from a right one`() throws {
    let reference = try blobs.put(Array("abc".utf8))
    try Data("abd".utf8).write(to: URL(fileURLWithPath: try blobs.path(of: reference)))
    #expect(throws: BlobError.self) { try blobs.get(reference) }
  }

  @Test(arguments: [
    "", "sha256:", "sha256:../../etc/passwd", "md5:00",
    "sha256:" + String(repeating: "G", count: 64),
  ])
  func `a name that is no digest never becomes a path`(name: String) {
    #expect(throws: BlobError.self) { try blobs.path(of: BlobReference(blob: name, bytes: 1)) }
  }

  @Test func `a missing or oversized blob is refused`() throws {
    let missing = BlobReference(blob: "sha256:" + String(repeating: "0", count: 64), bytes: 1)
    #expect(throws: BlobError.self) { try blobs.get(missing) }
    let reference = try blobs.put([UInt8](repeating: 7, count: 100))
    #expect(throws: BlobError.self) { try blobs.get(reference, limit: 99) }
  }

  @Test func `vectors survive as bytes`() {
    let rows: [[Float]] = [[1, -0.5, .leastNonzeroMagnitude], [0, 3.25, -1e30]]
    #expect(VectorBlob.decode(VectorBlob.encode(rows), dimension: 3) == rows)
    #expect(VectorBlob.decode([0, 0, 0], dimension: 1) == nil)
    #expect(VectorBlob.decode([], dimension: 0) == nil)
  }
}
