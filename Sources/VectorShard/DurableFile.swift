// Write, fsync, rename, fsync of the directory: in that order, in one place.
//
// After a failed fsync the descriptor is never synced again: the temporary file is dropped and the caller starts over.
// Names are given by callers that have checked them; nothing here builds a name from outside text.

import Faults
import Glibc
import Synchronization

/// Files that are either whole and durable under their name, or not there.
enum DurableFile {
  /// What `observer` is told of, before it happens.
  enum Step: Sendable, Hashable {
    case write(String)
    case sync(String)
    case rename(String)
    case syncDirectory
    case remove(String)
  }

  /// Called before each step; an error it returns stops there, as a crash would.
  ///
  /// Nil but in tests, which hold the order and the crash safety of publishing with it.
  @TaskLocal static var observer: (@Sendable (Step) -> ShardError?)?

  /// Makes temporary names unique within the process.
  private static let counter = Atomic<Int>(0)
  /// The prefix of temporary files, which readers never look at and `sweep` removes.
  static let temporaryPrefix = ".tmp-"

  /// Writes `bytes` under `name` in `directory`, replacing what was there; durable when it returns.
  static func write(_ bytes: [UInt8], named name: String, in directory: String) throws(ShardError) {
    let number = counter.add(1, ordering: .relaxed).newValue
    let temporary = "\(directory)/\(temporaryPrefix)\(getpid())-\(number)"
    let final = "\(directory)/\(name)"
    try observe(.write(name))
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(call: "open", path: temporary, code: errno) }
    var isOpen = true
    var isRenamed = false
    defer {
      if isOpen { close(descriptor) }
      if !isRenamed { unlink(temporary) }
    }
    try writeAll(bytes, to: descriptor, path: temporary)
    FailPoint.hit("shard-written")
    try observe(.sync(name))
    guard fsync(descriptor) == 0 else { throw .system(call: "fsync", path: temporary, code: errno) }
    FailPoint.hit("shard-synced")
    isOpen = false
    guard close(descriptor) == 0 else { throw .system(call: "close", path: temporary, code: errno) }
    try observe(.rename(name))
    guard rename(temporary, final) == 0 else {
      throw .system(call: "rename", path: final, code: errno)
    }
    isRenamed = true
    FailPoint.hit("shard-renamed")
    try syncDirectory(directory)
  }

  /// Makes the names in `directory` durable.
  static func syncDirectory(_ directory: String) throws(ShardError) {
    try observe(.syncDirectory)
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(call: "open", path: directory, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system(call: "fsync", path: directory, code: errno) }
    FailPoint.hit("shard-directory-synced")
  }

  /// Removes a file; one that is gone already is no error.
  static func remove(_ name: String, in directory: String) throws(ShardError) {
    try observe(.remove(name))
    guard unlink("\(directory)/\(name)") == 0 || errno == ENOENT else {
      throw .system(call: "unlink", path: "\(directory)/\(name)", code: errno)
    }
    FailPoint.hit("shard-removed")
  }

  /// The bytes of a small file; nil when there is none.
  static func read(_ name: String, in directory: String, limit: Int) throws(ShardError) -> [UInt8]?
  {
    let path = "\(directory)/\(name)"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system(call: "open", path: path, code: errno)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(call: "read", path: path, code: errno)
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: block[..<count])
      guard bytes.count <= limit else {
        throw .corrupt(file: path, detail: "it is longer than \(limit) bytes")
      }
    }
  }

  /// The names in `directory`, sorted; none when it does not exist.
  static func names(in directory: String) throws(ShardError) -> [String] {
    guard let stream = opendir(directory) else {
      if errno == ENOENT { return [] }
      throw .system(call: "opendir", path: directory, code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func writeAll(
    _ bytes: [UInt8], to descriptor: Int32, path: String
  ) throws(ShardError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(call: "write", path: path, code: errno)
      }
      done += count
    }
  }

  private static func observe(_ step: Step) throws(ShardError) {
    if let error = observer?(step) { throw error }
  }
}
