// The file CURRENT: which generation answers, and the digest of its manifest, so that a damaged digit names no other one.

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
package func manifestFileName(_ generation: Int) -> String { "\(generation).manifest" }

/// The generation of a manifest's file name; nil for another name.
func generationNumber(ofManifest name: String) -> Int? {
  guard name.hasSuffix(".manifest"), let number = Int(name.dropLast(".manifest".count)),
    number > 0, manifestFileName(number) == name
  else { return nil }
  return number
}
