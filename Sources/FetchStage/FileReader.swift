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
    /// Whether another try may do: its disk or file server did not answer.
    var mayPass = false
  }

  /// Bytes.
  let limit: Int

  /// - Throws: `SpoolError.system` when this process or machine is out of descriptors or memory, whatever the file.
  func read(_ path: String) throws(SpoolError) -> Result<[UInt8], Refusal> {
    // O_NONBLOCK: opening a pipe without a writer must not wait for one.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      return .failure(try refusal("open", path, errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      return .failure(try refusal("fstat", path, errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
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
      guard case .system(let call, _, let code) = error else {
        return .failure(
          Refusal(
            reason: "unreadable", message: "The file changed while it was read.", mayPass: true))
      }
      return .failure(try refusal(call, path, code))
    }
  }

  /// What an error number says of the file.
  private func refusal(
    _ call: String, _ path: String, _ code: Int32
  ) throws(SpoolError) -> Refusal {
    switch code {
    case EMFILE, ENFILE, ENOMEM: throw .system(call, path, code)
    case ENOENT, ENOTDIR:
      return Refusal(
        reason: "unreadable",
        message: "The file cannot be opened: no such file: check the path.")
    case EACCES, EPERM:
      return Refusal(
        reason: "unreadable",
        message: "The file cannot be opened: no permission to read it: change its mode or owner.")
    case ELOOP, ENAMETOOLONG, ENXIO, ENODEV, EISDIR:
      return Refusal(
        reason: "unreadable",
        message: "The file cannot be opened: \(String(cString: strerror(code))).")
    default:
      // A bad sector, a file server that is away: it may come back, and nobody else's file shall wait for it.
      return Refusal(
        reason: "unreadable",
        message: "The file cannot be read: \(String(cString: strerror(code))); check its disk.",
        mayPass: true)
    }
  }
}
