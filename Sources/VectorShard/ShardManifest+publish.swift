// CURRENT and the manifests in a shard's directory: published, read, kept and swept.
//
// One writer at a time (bobbin-index); any number of readers. The instant of publishing is the rename of CURRENT: before
// it every reader sees the old generation, after it the new one.

/// What CURRENT says: a manifest and the SHA-256 of its first line.
struct CurrentPointer: Equatable {
  static let fileName = "CURRENT"
  let generation: Int
  let digest: String

  var line: String { "\(manifestFileName(generation)) \(digest)\n" }

  /// Reads the file's bytes.
  ///
  /// - Throws: `corrupt` for anything but one line as `line` writes it.
  init(_ bytes: [UInt8], file: String) throws(ShardError) {
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard parts.count == 2, let generation = generationNumber(ofManifest: String(parts[0])) else {
      throw .corrupt(file: file, detail: "it does not name a manifest")
    }
    self.init(generation: generation, digest: String(parts[1].dropLast()))
    guard isDigest(digest), bytes.elementsEqual(line.utf8) else {
      throw .corrupt(file: file, detail: "it is not one line with a manifest and its digest")
    }
  }

  init(generation: Int, digest: String) {
    self.generation = generation
    self.digest = digest
  }
}

/// The name of a generation's manifest.
func manifestFileName(_ generation: Int) -> String { "\(generation).manifest" }

/// The generation of a manifest's file name; nil for another name.
func generationNumber(ofManifest name: String) -> Int? {
  guard name.hasSuffix(".manifest"), let number = Int(name.dropLast(".manifest".count)),
    number > 0, manifestFileName(number) == name
  else { return nil }
  return number
}

extension ShardManifest {
  /// Longest manifest that is read.
  private static let byteLimit = 64 << 20

  /// Makes `manifest` the current generation of the shard in `directory`, whose segments stand there already.
  ///
  /// Every segment that the present generation does not have is verified first. Publishing a generation again, with the
  /// same content, is how a rollback is done.
  ///
  /// - Throws: `corrupt` when a segment is not what the manifest says, `invalid` when the generation's number is taken by
  ///   another manifest, `system` when the disk refuses; the old generation then stands.
  package static func publish(
    _ manifest: ShardManifest, in directory: String
  ) throws(ShardError) {
    let (bytes, digest) = try manifest.fileBytes()
    let name = manifestFileName(manifest.generation)
    guard generationNumber(ofManifest: name) != nil else {
      throw .invalid("generation \(manifest.generation)")
    }
    let verified: Set<String>
    do {
      verified = Set(try current(in: directory)?.segments.map(\.digest) ?? [])
    } catch {
      // A damaged CURRENT is what publishing repairs: then everything is verified.
      verified = []
    }
    let set = try ShardSet(manifest, in: directory)
    for reader in set.segments where !verified.contains(reader.digest) { try reader.verify() }
    if let existing = try DurableFile.read(name, in: directory, limit: byteLimit) {
      guard existing == bytes else {
        throw .invalid("generation \(manifest.generation) twice with different content")
      }
    } else {
      try DurableFile.write(bytes, named: name, in: directory)
    }
    let pointer = CurrentPointer(generation: manifest.generation, digest: digest)
    try DurableFile.write(
      Array(pointer.line.utf8), named: CurrentPointer.fileName, in: directory)
  }

  /// The current generation's manifest; nil when nothing was ever published here.
  ///
  /// - Throws: `corrupt` when CURRENT or the manifest is damaged or they do not belong together.
  package static func current(in directory: String) throws(ShardError) -> ShardManifest? {
    let name = CurrentPointer.fileName
    guard let bytes = try DurableFile.read(name, in: directory, limit: 4096) else { return nil }
    let pointer = try CurrentPointer(bytes, file: "\(directory)/\(name)")
    let (manifest, digest) = try read(pointer.generation, in: directory)
    guard digest == pointer.digest else {
      throw .corrupt(
        file: "\(directory)/\(name)", detail: "its digest is not that of the manifest it names")
    }
    return manifest
  }

  /// A generation that is still kept, current or not.
  ///
  /// - Throws: `invalid` when there is none with this number, `corrupt` when its manifest is damaged.
  package static func manifest(
    generation: Int, in directory: String
  ) throws(ShardError) -> ShardManifest {
    try read(generation, in: directory).manifest
  }

  /// The generations whose manifests are kept, ascending.
  package static func generations(in directory: String) throws(ShardError) -> [Int] {
    try DurableFile.names(in: directory).compactMap { generationNumber(ofManifest: $0) }.sorted()
  }

  /// Removes all but the newest generations, the segments that no kept one names, and files left by a crash.
  ///
  /// The current generation is always kept. To be called by the shard's only writer, when no segment waits to be named.
  ///
  /// - Returns: the names removed.
  /// - Throws: `corrupt` when a kept manifest cannot be read; nothing is removed then.
  @discardableResult
  package static func sweep(
    in directory: String, keepingGenerations count: Int
  ) throws(ShardError) -> [String] {
    let names = try DurableFile.names(in: directory)
    let numbers = names.compactMap { generationNumber(ofManifest: $0) }.sorted()
    var kept = Set(numbers.suffix(max(1, count)))
    guard let current = try current(in: directory) else { return [] }
    kept.insert(current.generation)
    var segments: Set<String> = []
    for generation in kept {
      for segment in try manifest(generation: generation, in: directory).segments {
        segments.insert(segmentFileName(segment.digest))
      }
    }
    // Manifests first: a crash in between leaves segments nobody names, never a manifest without its segments.
    let manifests = names.filter { name in
      generationNumber(ofManifest: name).map { !kept.contains($0) } ?? false
    }
    let others = names.filter { name in
      name.hasPrefix(DurableFile.temporaryPrefix)
        || (name.hasSuffix(".segment") && !segments.contains(name))
    }
    for name in manifests { try DurableFile.remove(name, in: directory) }
    if !manifests.isEmpty { try DurableFile.syncDirectory(directory) }
    for name in others { try DurableFile.remove(name, in: directory) }
    if !others.isEmpty { try DurableFile.syncDirectory(directory) }
    return manifests + others
  }

  private static func read(
    _ generation: Int, in directory: String
  ) throws(ShardError) -> (manifest: ShardManifest, digest: String) {
    let name = manifestFileName(generation)
    guard let bytes = try DurableFile.read(name, in: directory, limit: byteLimit) else {
      throw .system(call: "open", path: "\(directory)/\(name)", code: 2)
    }
    let parsed = try parse(bytes, file: "\(directory)/\(name)")
    guard parsed.manifest.generation == generation else {
      throw .corrupt(file: "\(directory)/\(name)", detail: "it is of another generation")
    }
    return parsed
  }
}
