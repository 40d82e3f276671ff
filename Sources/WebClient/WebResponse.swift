// A whole response, body decompressed and within its limit.

/// What a web server answered; any status is a response, only a missing answer is an error.
package struct WebResponse: Hashable, Sendable {
  package let status: Int
  package let headers: WebHeaders
  /// After content decoding.
  package let body: [UInt8]
  /// The URL after redirects, without fragment.
  package let finalURL: String

  package init(status: Int, headers: WebHeaders = [:], body: [UInt8] = [], finalURL: String = "") {
    self.status = status
    self.headers = headers
    self.body = body
    self.finalURL = finalURL
  }

  /// The declared media type without parameters, lower case; nil when none or no valid one is
  /// declared.
  package var mediaType: String? { MediaType(headers["Content-Type"])?.name }

  /// The declared character set, lower case, without quotes; nil when none is declared.
  package var charset: String? { MediaType(headers["Content-Type"])?.charset }

  /// How long the server asks us to wait, for 429 and 503; nil when it does not say.
  package var retryAfter: Duration? { headers.retryAfter() }
}
