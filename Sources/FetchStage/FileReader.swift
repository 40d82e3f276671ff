// Reads a local file that an operator named. Refuses what is no plain file, so that a pipe or a device cannot hang the
// stage, and what is too large to be a document.

import Glibc
import Spool

/// Reads plain files up to a limit.
struct FileReader: Sendable {
  /// Why a file was not read.
  struct Refusal: Error {
    let reason: String
    let message: String
  }

  /// Bytes.
  let limit: Int

  func read(_ path: String) -> Result<[UInt8], Refusal> {
    // O_NONBLOCK: opening a pipe without a writer must not wait for one.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      let remedy =
        switch code {
        case ENOENT: "no such file: check the path"
        case EACCES: "no permission to read it: change its mode or owner"
        default: String(cString: strerror(code))
        }
      return .failure(
        Refusal(reason: "unreadable", message: "The file cannot be opened: \(remedy)."))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return .failure(
        Refusal(reason: "unreadable", message: "Not a plain file: name a file, not a folder."))
    }
    guard status.st_size > 0 else {
      return .failure(Refusal(reason: "empty", message: "The file is empty."))
    }
    guard status.st_size <= limit else {
      return .failure(
        Refusal(
          reason: "too_large",
          message: "The file has \(status.st_size >> 20) MiB, more than \(limit >> 20): split it."))
    }
    do {
      return .success(try DurableFile.read(descriptor, path, limit: limit))
    } catch {
      return .failure(
        Refusal(reason: "unreadable", message: "The file could not be read to its end."))
    }
  }
}
