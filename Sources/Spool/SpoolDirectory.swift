// One stage's six directories. Where a file is, is its state; a change of state is one rename.

import Faults
import Glibc

/// The states of an item.
package enum SpoolState: String, CaseIterable, Sendable {
  case tmp, incoming, active, deferred, hold, failed
}

/// One stage's part of a spool: paths, listing and publishing.
package struct SpoolDirectory: Sendable {
  /// The stage's name.
  package let stage: String
  /// `<spool>/<stage>`.
  package let path: String

  /// Names the directory of a stage; creates nothing.
  package init(spool: String, stage: String) {
    self.stage = stage
    path = "\(spool)/\(stage)"
  }

  /// Creates the six directories where they are missing and refuses a file system without process-bound locks.
  package func prepare() throws(SpoolError) {
    // tmp last: who finds it may publish, and publishing needs the others.
    for state in SpoolState.allCases.reversed() { try DurableFile.makeDirectory(directory(state)) }
    try Self.refuseNetworkFileSystem(path)
  }

  /// The directory of a state.
  package func directory(_ state: SpoolState) -> String { "\(path)/\(state.rawValue)" }

  /// The path of a file in a state.
  package func file(_ state: SpoolState, _ name: String) -> String {
    "\(path)/\(state.rawValue)/\(name)"
  }

  /// Items of a state by name; strays are left out.
  package func items(_ state: SpoolState) throws(SpoolError) -> [ItemName] {
    try DurableFile.names(in: directory(state)).compactMap { ItemName($0) }
  }

  /// The first 128 bits of SHA-256 over an item's uncompressed bytes, as 32 hex digits.
  package static func id(of bytes: [UInt8]) -> String {
    SHA256Digest.hexDigits(of: SHA256Digest(of: bytes).bytes.prefix(16))
  }

  /// Writes an item's file into `tmp`, not yet synced and seen by nobody.
  func stageFile(_ content: [UInt8], id: String) throws(SpoolError) -> UnsyncedFile {
    let temporary = file(.tmp, "\(id).\(Worker.randomDigits())")
    let frame = try Zstd.compress(content)
    do throws(SpoolError) {
      return try DurableFile.create(frame, at: temporary)
    } catch .system("open", _, ENOENT) {
      // A fresh spool: the reader of this stage has not run yet.
      try prepare()
      return try DurableFile.create(frame, at: temporary)
    }
  }

  /// Publishes one item durably into `incoming`: the producer's whole duty where there is a single output.
  @discardableResult
  package func publish(_ content: [UInt8], lane: String, due: Int) throws(SpoolError) -> ItemName {
    let name = ItemName(due: due, lane: lane, id: Self.id(of: content))
    try publish([(content, lane)], due: due)
    return name
  }

  /// Publishes items durably into `incoming`, with one sync of the directory for all.
  ///
  /// - Returns: the items' names, in order.
  @discardableResult
  package func publish(
    _ items: [(content: [UInt8], lane: String)], due: Int
  ) throws(SpoolError) -> [ItemName] {
    let names = items.map { ItemName(due: due, lane: $0.lane, id: Self.id(of: $0.content)) }
    var files = UnsyncedFiles()
    do throws(SpoolError) {
      for (item, name) in zip(items, names) {
        try files.append(try stageFile(item.content, id: name.id))
      }
      try files.sync()
    } catch {
      files.discard()
      throw error
    }
    for (temporary, name) in zip(files.paths, names) {
      try DurableFile.publish(temporary, as: file(.incoming, name.fileName))
      FailPoint.hit("published")
    }
    try DurableFile.syncDirectory(directory(.incoming))
    return names
  }

  /// Locks end with a process on a local file system only.
  private static func refuseNetworkFileSystem(_ path: String) throws(SpoolError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("stat", path, errno) }
    // man 5 proc, mountinfo: id, parent, major:minor, root, mount point, options, ..., "-", type, ...
    // A device that is not listed (a btrfs subvolume) is local. /proc files have no size, so: read as a stream.
    let device = "\(status.st_dev >> 8 & 0xFFF):\(status.st_dev & 0xFF)"
    guard let mounts = fopen("/proc/self/mountinfo", "r") else { return }
    defer { fclose(mounts) }
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), mounts) != nil {
      let fields = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
      )
      .split(separator: " ")
      guard fields.count > 2, fields[2] == device, let dash = fields.firstIndex(of: "-"),
        dash + 1 < fields.count
      else { continue }
      let refused = ["nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "fuse.sshfs"]
      if refused.contains(String(fields[dash + 1])) { throw .networkFileSystem(path: path) }
    }
  }
}
