// Named parts of a zip container (DOCX and its like), read under the limits of SECURITY.md U4. Nothing is ever written to
// disk and no entry's name is ever used as a path; a container inside a container is never opened.
//
// Relies on libarchive, which reads from memory, entry by entry.

internal import CArchive

/// A container held in memory.
enum ContainerReader {
  /// The bytes of the parts in `names` that exist, by name.
  ///
  /// All entries are checked, also those not asked for.
  /// - Throws: `tooLarge` beyond a limit of entries, inflated size or ratio; `encrypted`; `malformed` for links, absolute
  ///   or climbing paths, duplicate names and damage.
  static func parts(
    _ bytes: [UInt8], names: Set<String>, limits: ExtractionLimits
  ) throws(ExtractionError) -> [String: [UInt8]] {
    guard let archive = archive_read_new() else {
      throw .memory(mebibytes: limits.addressSpaceBytes >> 20)
    }
    defer { archive_read_free(archive) }
    archive_read_support_format_zip(archive)
    var budget = InflationBudget(limits: limits, packedCount: bytes.count)
    let result: Result<[String: [UInt8]], ExtractionError> = bytes.withUnsafeBytes { raw in
      guard archive_read_open_memory(archive, raw.baseAddress, raw.count) == ARCHIVE_OK else {
        return .failure(.malformed(what: "the archive cannot be opened"))
      }
      do throws(ExtractionError) {
        return .success(try read(archive, names: names, budget: &budget))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func read(
    _ archive: OpaquePointer, names: Set<String>, budget: inout InflationBudget
  ) throws(ExtractionError) -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    var seen: Set<String> = []
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return found }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
        throw .malformed(what: "the archive's directory is broken")
      }
      try budget.count(
        entry: archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : 0)
      if archive_entry_is_encrypted(entry) != 0 || archive_read_has_encrypted_entries(archive) == 1
      {
        throw .encrypted
      }
      let name = try checkedName(entry)
      guard seen.insert(name).inserted else {
        throw .malformed(what: "two parts of the archive have one name")
      }
      if names.contains(name), bobbin_entry_is_regular(entry) != 0 {
        found[name] = try inflate(archive, budget: &budget)
      }
    }
  }

  private static func checkedName(_ entry: OpaquePointer) throws(ExtractionError) -> String {
    // Names in UTF-8 have no form in the plain locale of the child.
    guard let pointer = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else {
      throw .malformed(what: "a part of the archive has a name that cannot be read")
    }
    let name = String(cString: pointer)
    let isLink =
      archive_entry_symlink(entry) != nil || archive_entry_hardlink(entry) != nil
      || bobbin_entry_is_regular(entry) == 0 && bobbin_entry_is_directory(entry) == 0
    let climbs =
      name.split(separator: "/").contains("..") || name.hasPrefix("/")
      || name.contains("\\") || name.utf8.contains(0) || name.dropFirst().hasPrefix(":")
    if isLink || climbs {
      throw .malformed(what: "a part of the archive points outside of it")
    }
    return name
  }

  private static func inflate(
    _ archive: OpaquePointer, budget: inout InflationBudget
  ) throws(ExtractionError) -> [UInt8] {
    var out: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = buffer.withUnsafeMutableBytes {
        archive_read_data(archive, $0.baseAddress, $0.count)
      }
      if count == 0 { return out }
      guard count > 0, count <= buffer.count else {
        if archive_read_has_encrypted_entries(archive) == 1 { throw .encrypted }
        throw .malformed(what: "a part of the archive does not unpack")
      }
      try budget.count(inflated: count)
      out.append(contentsOf: buffer[..<count])
    }
  }
}

/// Counts what comes out of a container.
private struct InflationBudget {
  let limits: ExtractionLimits
  let packedCount: Int
  private var entries = 0
  private var declared = 0
  private var inflated = 0

  init(limits: ExtractionLimits, packedCount: Int) {
    self.limits = limits
    self.packedCount = packedCount
  }

  mutating func count(entry size: Int) throws(ExtractionError) {
    entries += 1
    guard entries <= limits.maxEntries else {
      throw .tooLarge(what: "more than \(limits.maxEntries) parts")
    }
    let (sum, overflow) = declared.addingReportingOverflow(max(0, size))
    declared = sum
    guard !overflow, declared <= limits.maxInflatedBytes else { throw tooMuch }
  }

  mutating func count(inflated count: Int) throws(ExtractionError) {
    inflated += count
    guard inflated <= limits.maxInflatedBytes else { throw tooMuch }
    let (most, overflow) = packedCount.multipliedReportingOverflow(by: limits.maxInflationRatio)
    if !overflow, inflated > limits.freeInflatedBytes, inflated > most {
      throw .tooLarge(what: "it unpacks to more than \(limits.maxInflationRatio) times its size")
    }
  }

  private var tooMuch: ExtractionError {
    .tooLarge(what: "it unpacks to more than \(limits.maxInflatedBytes >> 20) MiB")
  }
}
