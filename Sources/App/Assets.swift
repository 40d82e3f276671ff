// The static files of the pages: styles, scripts and pictures. A version made of all of them stands in their addresses, so a browser
// keeps each for ever and never mixes two versions.

import HTTPTypes
import Hummingbird
import Spool

/// The pages' static files.
struct Assets: Sendable {
  /// One file.
  struct File: Sendable {
    let body: ByteBuffer
    let type: String
    let tag: String
    /// The body as a zstd frame (RFC 8878); nil when that is no smaller.
    let frame: ByteBuffer?

    /// The file as a browser asks for it.
    func response(to request: Request, caching: String) -> Response {
      var headers: HTTPFields = [
        .contentType: type, .eTag: tag, .cacheControl: caching, .vary: "Accept-Encoding",
      ]
      if request.headers[.ifNoneMatch] == tag {
        return Response(status: .notModified, headers: headers)
      }
      guard let frame, Self.takesFrames(request) else {
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
      }
      headers[.contentEncoding] = "zstd"
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: frame))
    }

    /// Browsers of 2024 and later do, where a connection is safe; others get the plain bytes.
    private static func takesFrames(_ request: Request) -> Bool {
      request.headers[values: .acceptEncoding].flatMap { $0.split(separator: ",") }.contains {
        let parts = $0.split(separator: ";").map { $0.trimmingSpace().lowercased() }
        return parts.first == "zstd"
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
      let frame = try Zstd.compress(bytes)
      files[name] = File(
        body: ByteBuffer(bytes: bytes), type: Self.type(name),
        // Weak: one tag for both encodings.
        tag: "W/\"\(SHA256Digest(of: bytes).hexDigits.prefix(16))\"",
        frame: frame.count < bytes.count ? ByteBuffer(bytes: frame) : nil)
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
