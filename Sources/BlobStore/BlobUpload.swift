// A blob that arrives in pieces: written beside the store and digested on the way, named and made durable at the end. Nothing
// of it is kept in memory, and what is not finished is removed.

package import Corpus
import Glibc
package import Spool

/// One upload under way; the caller sees to it that one thread uses it at a time.
package final class BlobUpload {
  private let blobs: DirectoryBlobs
  private let path: String
  private let descriptor: Int32
  private let digest: SHA256Stream
  /// Bytes so far.
  package private(set) var byteCount = 0

  /// - Throws: `SpoolError.system` for a fault of the disk.
  package init(to blobs: DirectoryBlobs) throws(SpoolError) {
    self.blobs = blobs
    let folder = "\(blobs.root)/uploads"
    try DurableFile.makeDirectory(folder)
    let path = "\(folder)/\(Worker.randomDigits()).tmp"
    let digest = try SHA256Stream()
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    self.path = path
    self.digest = digest
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    // What was finished has another name by now.
    unlink(path)
  }

  /// Adds bytes.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk.
  package func write(_ bytes: [UInt8]) throws(SpoolError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
      }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw .system("write", path, errno)
      }
      offset += count
    }
    digest.update(bytes)
    byteCount += bytes.count
  }

  /// Makes the blob durable under its name.
  ///
  /// - Throws: `SpoolError.system` for a fault of the disk.
  package func finish() throws -> BlobReference {
    guard fsync(descriptor) == 0 else { throw SpoolError.system("fsync", path, errno) }
    let reference = BlobReference(blob: "sha256:\(digest.hexDigits())", bytes: byteCount)
    let final = try blobs.path(of: reference)
    let folder = DurableFile.parentDirectory(final)
    try BlobLock.hold(blobs.root, exclusive: false) { () throws(SpoolError) in
      try DurableFile.makeDirectory(folder)
      DirectoryBlobs.renew(path)
      _ = try DurableFile.rename(path, to: final)
      try DurableFile.syncDirectory(folder)
    }
    return reference
  }
}
