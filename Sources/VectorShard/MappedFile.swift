// The only place that maps files and the only unsafe lifetime of VectorShard.
//
// Relies on the rule that a published file is never changed or cut in place (a map of a file that shrinks would kill the
// reader); files are therefore only ever written under another name and renamed. The length is checked before mapping.

import Glibc

/// A file mapped read-only for as long as this object lives.
///
/// Safety of `@unchecked Sendable`: both stored properties are `let`; the memory behind them is mapped PROT_READ, is not
/// written by anyone (see above), and is unmapped in `deinit` only, when no thread holds a reference any more. Pointers
/// leave only through `withBytes`, which keeps the object alive for the call.
package final class MappedFile: @unchecked Sendable {
  /// Where the file was when it was opened, for messages.
  package let path: String
  private let bytes: UnsafeRawBufferPointer

  /// Maps the file at `path`.
  ///
  /// - Throws: `system` when it cannot be opened, `corrupt` when its length is not `expectedLength` or it is not a file.
  package init(path: String, expectedLength: Int? = nil) throws(ShardError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw .system(call: "open", path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .system(call: "fstat", path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .corrupt(file: path, detail: "it is not a regular file")
    }
    let length = Int(status.st_size)
    if let expectedLength, expectedLength != length {
      throw .corrupt(file: path, detail: "it has \(length) bytes, \(expectedLength) were written")
    }
    guard length > 0 else { throw .corrupt(file: path, detail: "it is empty") }
    guard let start = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED
    else { throw .system(call: "mmap", path: path, code: errno) }
    self.path = path
    self.bytes = UnsafeRawBufferPointer(start: start, count: length)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// Length in bytes.
  package var count: Int { bytes.count }

  /// Tells the kernel that the whole file is about to be read, in one call instead of a fault every 64 KB.
  func expectReading() {
    madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_POPULATE_READ)
  }

  /// Gives the file's pages back to the page cache, so that a shard nobody asks anything stops counting as resident.
  ///
  /// Later reads map them again; on a shared read-only map this loses nothing.
  func releasePages() {
    madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
  }

  /// Lends the file's bytes for the time of `body`; they must not leave it.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }
}
