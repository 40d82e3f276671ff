// The way out to the network, as two functions that a test can replace.
//
// Owner-given URLs and configured endpoints take two transports that share nothing: neither
// connections nor looked-up names. Retrying is the caller's matter.

/// Sends requests.
package struct WebTransport: Sendable {
  /// Sends a request and waits for the whole response, any status.
  package var send: @Sendable (WebRequest) async throws(WebError) -> WebResponse
  /// Sends a request and gives the body while it comes.
  package var stream: @Sendable (WebRequest) async throws(WebError) -> WebStream

  package init(
    send: @escaping @Sendable (WebRequest) async throws(WebError) -> WebResponse,
    stream: @escaping @Sendable (WebRequest) async throws(WebError) -> WebStream
  ) {
    self.send = send
    self.stream = stream
  }

  /// Whose choice the URLs are.
  package enum Reach: Sendable {
    /// Typed by an owner: public addresses only, ports 80 and 443, every connection new.
    case ownerGiven(AddressPolicy)
    /// Named by the operator: any address, connections kept.
    case configured
  }

  /// Makes a transport with a connection pool and a thread of its own; make one per reach and keep
  /// it.
  ///
  /// - Parameters:
  ///   - reach: whose choice the URLs are.
  ///   - contact: a URL or address for webmasters, sent as `Bobbin/1 (+contact)`.
  ///   - limits: for requests that bring none; nil takes the reach's own.
  ///   - certificateAuthorityFile: a PEM file to trust instead of the system's.
  ///   - resolver: replaced in tests.
  package static func curl(
    _ reach: Reach, contact: String? = nil, limits: RequestLimits? = nil,
    certificateAuthorityFile: String? = nil, resolver: NameResolver = .system
  ) -> WebTransport {
    let agent = contact.flatMap { isPlain($0) ? "Bobbin/1 (+\($0))" : nil } ?? "Bobbin/1"
    let client = CurlClient(
      loop: CurlLoop(), reach: reach, limits: limits, userAgent: agent,
      certificateAuthorityFile: certificateAuthorityFile, resolver: resolver)
    return WebTransport(
      send: { request async throws(WebError) -> WebResponse in try await client.send(request) },
      stream: { request async throws(WebError) -> WebStream in try await client.stream(request) })
  }

  private static func isPlain(_ contact: String) -> Bool {
    !contact.isEmpty
      && contact.utf8.allSatisfy {
        (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")")
      }
  }
}
