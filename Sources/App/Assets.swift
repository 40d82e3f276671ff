// The static files of the pages: styles, scripts and pictures. A version made of all of them stands in their addresses, so a browser
// keeps each for ever and never mixes two versions.

import HTTPTypes
import Hummingbird
import Packing
import Spool

/// The pages' static files.
struct Assets: Sendable {
  /// One file.
  struct File: Sendable {
    let body: ByteBuffer
    let type: String
    let tag: String
    /// The body packed, as zstd (RFC 8878) and as gzip, the one that is sent rather first; without what is no smaller.
    let packed: [(encoding: String, body: ByteBuffer)]

    /// The file as a browser asks for it.
    func response(to request: Request, caching: String) -> Response {
      var headers: HTTPFields = [
        .contentType: type, .eTag: tag, .cacheControl: caching, .vary: "Accept-Encoding",
      ]
      if request.headers[.ifNoneMatch] == tag {
        return Response(status: .notModified, headers: headers)
      }
      guard let sent = packed.first(where: { Self.takes($0.encoding, request) }) else {
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
      }
      headers[.contentEncoding] = sent.encoding
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: sent.body))
    }

    private static func takes(_ encoding: String, _ request: Request) -> Bool {
      request.headers[values: .acceptEncoding].flatMap { $0.split(separator: ",") }.contains {
        let parts = $0.split(separator: ";").map { $0.trimmingSpace().lowercased() }
        return parts.first == encoding
          && !parts.dropFirst().contains { $0.hasPrefix("q=0") && Double($0.dropFirst(2)) == 0 }
      }
    }
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
      let packed: [(encoding: String, body: [UInt8]?)] = [
        ("zstd", try Zstd.compress(bytes)), ("gzip", Gzip.compress(bytes)),
      ]
      files[name] = File(
        body: ByteBuffer(bytes: bytes), type: Self.type(name),
        // Weak: one tag for all encodings.
        tag: "W/\"\(SHA256Digest(of: bytes).hexDigits.prefix(16))\"",
        packed: packed.compactMap { encoding, body in
          body.flatMap { $0.count < bytes.count ? (encoding, ByteBuffer(bytes: $0)) : nil }
        })
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
