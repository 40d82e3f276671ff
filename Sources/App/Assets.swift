// The static files of the pages: styles, scripts and pictures. A version made of all of them stands in their addresses, so a browser
// keeps each for ever and never mixes two versions.

import Hummingbird
import Spool

/// The pages' static files.
struct Assets: Sendable {
  /// One file.
  struct File: Sendable {
    let body: ByteBuffer
    let type: String
    let tag: String
  }

  private let files: [String: File]
  /// Eight hexadecimal digits that change when any file changes.
  let version: String

  /// - Throws: what reading throws.
  init(_ place: PageFiles.Place) throws {
    var files: [String: File] = [:]
    var all: [UInt8] = []
    for (name, bytes) in try PageFiles.read(["css", "js", "svg"], place) {
      all += bytes
      files[name] = File(
        body: ByteBuffer(bytes: bytes), type: Self.type(name),
        tag: "\"\(SHA256Digest(of: bytes).hexDigits.prefix(16))\"")
    }
    self.files = files
    version = String(SHA256Digest(of: all).hexDigits.prefix(8))
  }

  /// - Parameter name: `app.css`.
  subscript(name: String) -> File? { files[name] }

  /// Media types of what is here.
  static let types = ["text/css", "text/javascript", "image/svg+xml"]

  private static func type(_ name: String) -> String {
    if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
    return name.hasSuffix(".svg") ? "image/svg+xml" : "text/javascript; charset=utf-8"
  }
}
