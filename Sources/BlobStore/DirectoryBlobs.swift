// Blobs in a directory: `blobs/ab/abcd…` by SHA-256. A blob is written once, durable before anything names it, and never
// changed, so that writers need no agreement: same name, same bytes.

package import Corpus
package import Spool

/// The blob store on one machine.
package struct DirectoryBlobs: Sendable {
  /// The directory that holds the blobs.
  package let root: String

  /// - Parameter data: the data directory; blobs lie in its `blobs` folder.
  package init(data: String) { root = "\(data)/blobs" }

  /// Stores bytes durably; returns at once when they are stored already.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk.
  package func put(_ bytes: [UInt8], shape: [Int]? = nil) throws -> BlobReference {
    let digits = SHA256Digest(of: bytes).hexDigits
    let reference = BlobReference(blob: "sha256:\(digits)", bytes: bytes.count, shape: shape)
    let path = path(ofDigits: digits)
    try BlobLock.hold(root, exclusive: false) { () throws(SpoolError) in
      if DurableFile.exists(path) { return Self.renew(path) }
      let directory = DurableFile.parentDirectory(path)
      try DurableFile.makeDirectory(directory)
      let temporary = "\(path).\(Worker.randomDigits()).tmp"
      try DurableFile.write(bytes, to: temporary)
      _ = try DurableFile.rename(temporary, to: path)
      try DurableFile.syncDirectory(directory)
    }
    return reference
  }

  /// Takes a file whose digest is known as a blob; one that is stored already stays as it is, and the file where it was.
  ///
  /// - Parameter digits: its SHA-256, already computed from its bytes.
  package func adopt(_ file: String, digits: String) throws(SpoolError) {
    let path = path(ofDigits: digits)
    try BlobLock.hold(root, exclusive: false) { () throws(SpoolError) in
      if DurableFile.exists(path) { return Self.renew(path) }
      let directory = DurableFile.parentDirectory(path)
      try DurableFile.makeDirectory(directory)
      Self.renew(file)
      _ = try DurableFile.rename(file, to: path)
      try DurableFile.syncTree(directory)
    }
  }

  /// The bytes of a blob, checked against its name.
  ///
  /// - Throws: `BlobError`, or `SpoolError.system` for a fault of the disk.
  package func get(_ reference: BlobReference, limit: Int = 64 << 20) throws -> [UInt8] {
    let path = try path(of: reference)
    guard reference.bytes <= limit else { throw BlobError.tooLarge(reference.blob, limit: limit) }
    guard DurableFile.exists(path) else { throw BlobError.missing(reference.blob) }
    let bytes = try DurableFile.read(path, limit: limit)
    guard "sha256:\(SHA256Digest(of: bytes).hexDigits)" == reference.blob else {
      throw BlobError.damaged(reference.blob)
    }
    return bytes
  }

  /// Where a blob lies, for a reader that wants a file.
  ///
  /// - Throws: `BlobError.badName`.
  package func path(of reference: BlobReference) throws -> String {
    guard let digits = reference.hexDigits else { throw BlobError.badName(reference.blob) }
    return path(ofDigits: digits)
  }

  private func path(ofDigits digits: String) -> String { "\(root)/\(digits.prefix(2))/\(digits)" }
}

/// Vectors as a blob: Float32, little-endian, row-major.
package enum VectorBlob {
  /// Bytes of `vectors`, all of one dimension.
  package static func encode(_ vectors: [[Float]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(vectors.reduce(0) { $0 + $1.count * 4 })
    for vector in vectors {
      for number in vector {
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }

  /// The rows of a vector blob; nil when its size does not fit `dimension`.
  package static func decode(_ bytes: [UInt8], dimension: Int) -> [[Float]]? {
    guard dimension > 0, bytes.count % (dimension * 4) == 0 else { return nil }
    return (0..<bytes.count / (dimension * 4)).map { row in
      bytes.withUnsafeBytes { buffer in
        (0..<dimension).map { column in
          Float(
            bitPattern: UInt32(
              littleEndian: buffer.loadUnaligned(
                fromByteOffset: (row * dimension + column) * 4, as: UInt32.self)))
        }
      }
    }
  }
}
