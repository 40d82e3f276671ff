// A response whose body arrives while it is made.

/// A response with its head here and its body to come.
///
/// Dropping `body` without reading it to its end closes the connection.
package struct WebStream: Sendable {
  package let status: Int
  package let headers: WebHeaders
  /// The URL after redirects, without fragment.
  package let finalURL: String
  /// Pieces of the body after content decoding, none empty; ends with a `WebError` when the
  /// transfer breaks.
  ///
  /// One reader only. A slow reader slows the peer: at most about 256 KiB wait here. When the reading
  /// task is cancelled it may end without an error, as all of Swift's streams do.
  package let body: AsyncThrowingStream<[UInt8], any Error>

  package init(
    status: Int, headers: WebHeaders = [:], finalURL: String = "",
    body: AsyncThrowingStream<[UInt8], any Error>
  ) {
    self.status = status
    self.headers = headers
    self.finalURL = finalURL
    self.body = body
  }

  /// The declared media type without parameters, lower case; nil when none or no valid one is
  /// declared.
  package var mediaType: String? { MediaType(headers["Content-Type"])?.name }
}
