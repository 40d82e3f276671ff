// A file mapped read-only into memory, for as long as the object lives.
//
// man 2 mmap. The pages are the page cache's: they count as resident but can be dropped at any
// time. A file must be replaced by rename, never written in place or cut while mapped: reading past
// its new end is a SIGBUS. Does not interpret a byte: see SafetensorsFile.

import Glibc

/// The bytes of a file, without reading them.
///
/// `@unchecked Sendable`: the mapping is read-only (PROT_READ), made in init and undone in deinit,
/// and both stored properties are constants; so any number of threads may read it while they hold a
/// reference.
final class MappedWeights: @unchecked Sendable {
  /// The mapped bytes.
  ///
  /// Valid while this object is alive, which the optimizer ends at its last use.
  /// Use withBytes, or keep the object in a property beside the pointer.
  private let bytes: UnsafeRawBufferPointer

  /// Maps a regular file that is not empty.
  /// - Throws: `modelMissing` when it cannot be opened, `modelDamaged` when it cannot be mapped.
  init(path: String) throws(EmbeddingError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .modelMissing(path: path) }
      throw .modelDamaged(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0
    else {
      throw .modelDamaged(path: path, reason: "not a regular file with anything in it")
    }
    let size = Int(status.st_size)
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else {
      throw .modelDamaged(
        path: path, reason: "cannot be mapped: " + String(cString: strerror(errno)))
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  /// How many bytes there are.
  var count: Int { bytes.count }

  /// Runs the body on the bytes, which stay mapped until it returns.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Lets go of every page read so far; they come back from the page cache when touched again.
  func dropResidentPages() {
    // Advice only: a failure costs memory, not correctness.
    _ = madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}
