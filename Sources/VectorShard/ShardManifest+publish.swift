// How a generation gets on disk and becomes current: manifests written, CURRENT replaced, held generations published.
//
// One writer at a time (bobbin-index); any number of readers. The instant of publishing is the rename of CURRENT: before
// it every reader sees the old generation, after it the new one.

extension ShardManifest {
  /// Writes a generation and makes it the current one of the shard in `directory`, whose segments stand there already.
  ///
  /// - Throws: as `write` and `makeCurrent`; the old generation then stands.
  package static func publish(
    _ manifest: ShardManifest, in directory: String
  ) throws(ShardError) {
    let digest = try put(manifest, in: directory)
    try point(to: manifest.generation, digest: digest, in: directory)
  }

  /// Writes a generation without making it current: readers do not see it, it is held.
  ///
  /// Every segment that the present generation does not have is verified first.
  ///
  /// - Throws: `corrupt` when a segment is not what the manifest says, `invalid` when the generation's number is taken by
  ///   another manifest, `system` when the disk refuses.
  package static func write(_ manifest: ShardManifest, in directory: String) throws(ShardError) {
    _ = try put(manifest, in: directory)
  }

  /// Makes a kept generation current, earlier or held, after every byte of it was verified.
  ///
  /// Which generation may follow which is the caller's matter, but for `publishHeld`.
  ///
  /// - Throws: `corrupt` when anything in it is damaged, `system` when something is missing or the disk refuses; the
  ///   present generation then stands.
  package static func makeCurrent(_ generation: Int, in directory: String) throws(ShardError) {
    let (manifest, digest) = try read(generation, in: directory)
    for reader in try ShardSet(manifest, in: directory).segments { try reader.verify() }
    try point(to: generation, digest: digest, in: directory)
  }

  /// Makes a held generation current, which is possible while the generation it was built from still is.
  ///
  /// - Throws: `invalid` when another generation has become current since; as `makeCurrent` otherwise.
  package static func publishHeld(_ generation: Int, in directory: String) throws(ShardError) {
    let held = try manifest(generation: generation, in: directory)
    let current = try currentGeneration(in: directory)
    guard held.base == current else {
      throw .invalid(
        "generation \(generation) was built from \(held.base.map { "generation \($0)" } ?? "nothing"), "
          + "but \(current.map { "generation \($0)" } ?? "nothing") is current now; build again")
    }
    try makeCurrent(generation, in: directory)
  }

  /// Removes the manifest of a generation that never became current, so that its number is free again.
  ///
  /// To be called by the shard's only writer. Segments that only it named are a sweep's matter.
  ///
  /// - Throws: `invalid` for the current generation.
  package static func discard(_ generation: Int, in directory: String) throws(ShardError) {
    guard try currentGeneration(in: directory) != generation else {
      throw .invalid("discarding the current generation \(generation)")
    }
    try DurableFile.remove(manifestFileName(generation), in: directory)
    try DurableFile.syncDirectory(directory)
  }

  /// Verifies what is new in a generation and writes its manifest.
  ///
  /// - Returns: the digest that CURRENT names it by.
  private static func put(
    _ manifest: ShardManifest, in directory: String
  ) throws(ShardError) -> String {
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
    return digest
  }

  /// The instant of publishing: CURRENT is replaced by rename.
  private static func point(
    to generation: Int, digest: String, in directory: String
  ) throws(ShardError) {
    let pointer = CurrentPointer(generation: generation, digest: digest)
    try DurableFile.write(
      Array(pointer.line.utf8), named: CurrentPointer.fileName, in: directory)
  }
}
