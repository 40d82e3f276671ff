// What stands in a shard's directory: the current generation, the ones kept beside it, and the sweep of all others.

extension ShardManifest {
  /// Longest manifest that is read.
  static let byteLimit = 64 << 20

  /// The number that CURRENT names, whatever the state of that generation; nil when nothing was ever published here.
  ///
  /// - Throws: `corrupt` when CURRENT itself is damaged.
  package static func currentGeneration(in directory: String) throws(ShardError) -> Int? {
    try pointer(in: directory)?.generation
  }

  private static func pointer(in directory: String) throws(ShardError) -> CurrentPointer? {
    let name = CurrentPointer.fileName
    guard let bytes = try DurableFile.read(name, in: directory, limit: 4096) else { return nil }
    return try CurrentPointer(bytes, file: "\(directory)/\(name)")
  }

  /// The current generation's manifest; nil when nothing was ever published here.
  ///
  /// - Throws: `corrupt` when CURRENT or the manifest is damaged or they do not belong together.
  package static func current(in directory: String) throws(ShardError) -> ShardManifest? {
    guard let pointer = try pointer(in: directory) else { return nil }
    let (manifest, digest) = try read(pointer.generation, in: directory)
    guard digest == pointer.digest else {
      throw .corrupt(
        file: "\(directory)/\(CurrentPointer.fileName)",
        detail: "its digest is not that of the manifest it names")
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

  /// The number of the next generation: one more than any that is kept, so that a rollback never gives a number twice.
  package static func nextGeneration(in directory: String) throws(ShardError) -> Int {
    (try generations(in: directory).last ?? 0) + 1
  }

  /// The generations that can be published: those built from the current one that are not it, ascending.
  ///
  /// One that was rolled back is among them when it was built from the one that came back.
  ///
  /// - Throws: `corrupt` when CURRENT or a kept manifest is damaged.
  package static func held(in directory: String) throws(ShardError) -> [Int] {
    let current = try currentGeneration(in: directory)
    var held: [Int] = []
    for generation in try generations(in: directory) where generation > current ?? 0 {
      if try manifest(generation: generation, in: directory).base == current {
        held.append(generation)
      }
    }
    return held
  }

  /// The generations whose manifests are kept, ascending.
  package static func generations(in directory: String) throws(ShardError) -> [Int] {
    try DurableFile.names(in: directory).compactMap { generationNumber(ofManifest: $0) }.sorted()
  }

  /// Removes all but the newest generations, the segments that no kept one names, and files left by a crash.
  ///
  /// The current generation is always kept, and so are those held that were built from it. To be called by the shard's only writer, when no segment waits to be named.
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
    for number in numbers where number > current.generation && !kept.contains(number) {
      do {
        let base = try manifest(generation: number, in: directory).base
        if base == current.generation { kept.insert(number) }
      } catch ShardError.corrupt {
        // Nobody can publish it, so nothing is lost with it.
        continue
      }
    }
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

  static func read(
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
