// The server's own secrets: keys that sign tokens, the newest first, and one that never changes. In one file of the data
// directory that only its owner reads, or in the environment.

import FoundationEssentials
import Spool

/// Keys of 256 bits.
package struct SecretKeys: Sendable {
  /// A key that signs, and its name in tokens.
  struct Signing: Sendable {
    let id: String
    let bytes: [UInt8]
  }

  /// The one that signs.
  let newest: Signing
  /// At most two, the newest first: both are accepted.
  let signing: [Signing]
  /// Works out successors of refresh tokens; a change ends nothing but a second of grace.
  let derivation: [UInt8]

  /// Reads the keys, and makes them at the first start.
  ///
  /// - Throws: `SecretKeysError`, or `SpoolError.system` for a fault of the disk.
  package static func load(data: String, text: String? = nil) throws -> SecretKeys {
    if let text { return try SecretKeys(text: text, from: "BOBBIN_SECRET_KEYS") }
    let path = path(in: data)
    if !DurableFile.exists(path) {
      try store(fresh(), at: path)
    }
    guard try DurableFile.permissions(path) & 0o077 == 0 else {
      throw SecretKeysError.readableByOthers(path)
    }
    let bytes = try DurableFile.read(path, limit: 64 << 10)
    return try SecretKeys(text: String(decoding: bytes, as: UTF8.self), from: path)
  }

  /// Puts a new signing key first and keeps the one before.
  ///
  /// - Returns: the new key's name.
  package static func rotate(data: String) throws -> String {
    let keys = try load(data: data)
    let id = keyID()
    var lines = ["\(id) \(RandomText.urlSafe(bytes: 32))"]
    lines += keys.signing.prefix(1).map { "\($0.id) \(Base64URL.encode($0.bytes))" }
    lines.append("derivation \(Base64URL.encode(keys.derivation))")
    try store(lines.joined(separator: "\n") + "\n", at: path(in: data))
    return id
  }

  private static func path(in data: String) -> String { "\(data)/secret.keys" }

  private static func keyID() -> String { "k" + RandomText.urlSafe(bytes: 6) }

  private static func fresh() -> String {
    "\(keyID()) \(RandomText.urlSafe(bytes: 32))\nderivation \(RandomText.urlSafe(bytes: 32))\n"
  }

  private static func store(_ text: String, at path: String) throws {
    try DurableFile.replaceSecret(path, with: Array(text.utf8))
  }

  init(text: String, from place: String) throws(SecretKeysError) {
    var signing: [Signing] = []
    var derivation: [UInt8]?
    for line in text.split(whereSeparator: { $0 == "\n" || $0 == "," }) {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let bytes = Base64URL.decode(parts[1]), bytes.count >= 32,
        StringFormat.token.holds(String(parts[0]))
      else { throw .malformed(place) }
      if parts[0] == "derivation" {
        derivation = bytes
      } else {
        signing.append(Signing(id: String(parts[0]), bytes: bytes))
      }
    }
    guard let newest = signing.first, let derivation else { throw .malformed(place) }
    self.newest = newest
    self.signing = Array(signing.prefix(2))
    self.derivation = derivation
  }
}

/// Keys that cannot be used.
package enum SecretKeysError: Error, CustomStringConvertible {
  case readableByOthers(String)
  case malformed(String)

  package var description: String {
    switch self {
    case .readableByOthers(let path):
      "\(path) can be read by others than its owner: chmod 600 it, and rotate the keys (`bobbin keys rotate`)"
    case .malformed(let place):
      "\(place) does not hold keys: lines of a name and 32 bytes in base64url, one of them named derivation"
    }
  }
}
