// What is asked of a web server.

/// One request; the transport adds User-Agent, Host and the body's length.
package struct WebRequest: Hashable, Sendable {
  /// Absolute http or https URL, checked by the transport.
  package var url: String
  /// `GET`, `HEAD`, `POST`, `PUT`, `DELETE` or another token, upper case.
  package var method: String
  /// Extra fields; after a redirect to another origin they are not sent again.
  package var headers: WebHeaders
  /// nil sends no body.
  package var body: [UInt8]?
  /// nil takes the transport's own limits.
  package var limits: RequestLimits?

  package init(
    url: String, method: String = "GET", headers: WebHeaders = [:], body: [UInt8]? = nil,
    limits: RequestLimits? = nil
  ) {
    self.url = url
    self.method = method
    self.headers = headers
    self.body = body
    self.limits = limits
  }
}
