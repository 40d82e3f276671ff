// write, fsync, rename, fsync: the one order in which a file of Bobbin's becomes visible and stays (SPOOL.md section 3).
//
// Relies on POSIX alone: the target directory and the temporary file lie on one file system with atomic rename. After a
// failed fsync a descriptor is never synced again, because the kernel may have marked its pages clean; the temporary file
// is removed and the caller writes anew from its input.

import Faults
import Glibc

/// The POSIX calls a spool is made of, each with its error turned into `SpoolError`.
package enum DurableFile {
  /// Creates a new file and writes all bytes; `UnsyncedFiles` makes it durable.
  ///
  /// The file is not yet where readers look for it; `rename(_:to:)` and `syncDirectory(_:)` complete the publication.
  ///
  /// - Throws: `SpoolError.system` naming the call; the partial file is removed.
  static func create(_ bytes: [UInt8], at path: String) throws(SpoolError) -> UnsyncedFile {
    // man 2 open: O_EXCL, so that two writers can never share a temporary name.
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    do throws(SpoolError) {
      try writeAll(bytes, to: descriptor, path)
    } catch {
      close(descriptor)
      unlink(path)
      throw error
    }
    FailPoint.hit("file-written")
    return UnsyncedFile(path: path, descriptor: descriptor)
  }

  /// Creates a new file, writes all bytes, syncs and closes it.
  ///
  /// - Throws: `SpoolError.system` naming the call; the partial file is removed.
  package static func write(_ bytes: [UInt8], to path: String) throws(SpoolError) {
    var files = UnsyncedFiles()
    do throws(SpoolError) {
      try files.append(try create(bytes, at: path))
      try files.sync()
    } catch {
      files.discard()
      throw error
    }
  }

  private static func writeAll(
    _ bytes: [UInt8], to descriptor: Int32, _ path: String
  ) throws(SpoolError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("write", path, errno)
      }
      written += count
    }
  }

  /// Puts bytes where a reader sees them whole or not at all, without surviving a power cut: for what can be made again.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(SpoolError) {
    let temporary = "\(path).\(Worker.randomDigits()).tmp"
    try makeDirectory(parentDirectory(path))
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", temporary, errno) }
    do throws(SpoolError) {
      try writeAll(bytes, to: descriptor, temporary)
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0 else { throw .system("close", temporary, errno) }
    _ = try rename(temporary, to: path)
  }

  /// Replaces a file that nobody but its owner may read, durably; no moment shows it to others.
  package static func replaceSecret(_ path: String, with bytes: [UInt8]) throws(SpoolError) {
    let temporary = "\(path).\(Worker.randomDigits()).tmp"
    let folder = parentDirectory(path)
    try makeDirectory(folder)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("open", temporary, errno) }
    do throws(SpoolError) {
      try writeAll(bytes, to: descriptor, temporary)
      guard fsync(descriptor) == 0 else { throw .system("fsync", temporary, errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0 else { throw .system("close", temporary, errno) }
    _ = try rename(temporary, to: path)
    try syncDirectory(folder)
  }

  /// Renames within one file system, replacing a namesake.
  ///
  /// Where the answer may have been lost (ENOENT although the target stands) the rename counts as done.
  ///
  /// - Returns: false when `path` was gone and the target is absent: someone else was first.
  /// - Throws: `SpoolError.system` for every other failure.
  package static func rename(_ path: String, to target: String) throws(SpoolError) -> Bool {
    // man 2 rename
    if Glibc.rename(path, target) == 0 { return true }
    guard errno == ENOENT else { throw .system("rename", path, errno) }
    return exists(target)
  }

  /// Renames a file of our own that nobody else may take: its absence is a fault, not a lost race.
  static func publish(_ path: String, as target: String) throws(SpoolError) {
    guard try rename(path, to: target) else { throw .system("rename", target, ENOENT) }
  }

  /// Makes the names in a directory survive a power cut.
  package static func syncDirectory(_ path: String) throws(SpoolError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("fsync", path, errno) }
    FailPoint.hit("directory-synced")
  }

  /// Removes a file; one that is already gone is no error.
  package static func remove(_ path: String) throws(SpoolError) {
    if unlink(path) != 0, errno != ENOENT { throw .system("unlink", path, errno) }
  }

  /// Removes an empty directory.
  package static func removeDirectory(_ path: String) throws(SpoolError) {
    if rmdir(path) != 0, errno != ENOENT { throw .system("rmdir", path, errno) }
  }

  /// Gives a file's bytes piece by piece, a mebibyte at most.
  package static func pieces(
    of path: String, _ take: ([UInt8]) throws -> Void
  ) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SpoolError.system("open", path, errno) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SpoolError.system("read", path, errno) }
      if count == 0 { return }
      try take(Array(buffer[..<count]))
    }
  }

  /// Exactly `count` bytes of a file from `offset` on.
  package static func piece(
    of path: String, at offset: Int, count: Int
  ) throws(SpoolError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let start = done
      let got = buffer.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + start }, count - start, offset + start)
      }
      if got < 0, errno == EINTR { continue }
      // It has become shorter: what was promised cannot be given.
      guard got > 0 else { throw .system("pread", path, got == 0 ? EIO : errno) }
      done += got
    }
    return buffer
  }

  /// Adds bytes to a file, which is made when there is none; not synced.
  package static func append(_ bytes: [UInt8], to path: String) throws(SpoolError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    defer { close(descriptor) }
    try writeAll(bytes, to: descriptor, path)
  }

  /// Syncs the files of a directory, and then the directory.
  package static func syncTree(_ path: String) throws(SpoolError) {
    for name in try names(in: path) {
      let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system("open", "\(path)/\(name)", errno) }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw .system("fsync", "\(path)/\(name)", errno) }
    }
    try syncDirectory(path)
  }

  /// The permission bits of a file.
  package static func permissions(_ path: String) throws(SpoolError) -> UInt32 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("stat", path, errno) }
    return status.st_mode & 0o7777
  }

  /// Whether something of that name stands now.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0
  }

  /// Creates a directory and its parents, each synced into its parent.
  package static func makeDirectory(_ path: String) throws(SpoolError) {
    if exists(path) { return }
    let parent = parentDirectory(path)
    if parent != path { try makeDirectory(parent) }
    if mkdir(path, 0o755) != 0, errno != EEXIST { throw .system("mkdir", path, errno) }
    try syncDirectory(parent)
  }

  /// The part before the last slash; `/` or `.` at the top.
  package static func parentDirectory(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Reads a whole file of at most `limit` bytes.
  ///
  /// - Throws: `SpoolError.tooLarge` above the limit, `SpoolError.system` otherwise.
  package static func read(_ path: String, limit: Int) throws(SpoolError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", path, errno) }
    defer { close(descriptor) }
    return try read(descriptor, path, limit: limit)
  }

  /// Reads an open file from its start to its end, at most `limit` bytes.
  package static func read(
    _ descriptor: Int32, _ path: String, limit: Int
  ) throws(SpoolError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("fstat", path, errno) }
    guard status.st_size <= limit else { throw .tooLarge(path: path, limit: limit) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        pread(
          descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, off_t(filled))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("read", path, errno)
      }
      if count == 0 { break }
      filled += count
    }
    bytes.removeLast(bytes.count - filled)
    return bytes
  }

  /// How many names a directory has; 0 when it is absent.
  static func count(in path: String) throws(SpoolError) -> Int {
    guard let directory = opendir(path) else {
      if errno == ENOENT { return 0 }
      throw .system("opendir", path, errno)
    }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return max(0, count - 2)
  }

  /// The names in a directory without `.` and `..`, in no order; empty when the directory is absent.
  package static func names(in path: String) throws(SpoolError) -> [String] {
    guard let directory = opendir(path) else {
      if errno == ENOENT { return [] }
      throw .system("opendir", path, errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
        String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
