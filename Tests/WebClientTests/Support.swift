// What the suites of WebClient share besides the loopback server of TestSupport.

import Glibc
import TestSupport

@testable import WebClient

extension RequestLimits {
  /// Times so long that a busy machine does not decide a test; what a test is about it sets itself.
  static let patient = patient()

  static func patient(bodyBytes: Int = 10 << 20) -> RequestLimits {
    RequestLimits(
      connect: .seconds(300), total: .seconds(600), minimumBytesPerSecond: 0, bodyBytes: bodyBytes)
  }
}

/// An owner's transport that may reach one test server, and no other private address.
func ownerTransport(
  _ server: LoopbackServer, limits: RequestLimits = .patient,
  resolver: NameResolver = .system
) throws -> WebTransport {
  .curl(
    .ownerGiven(try AddressPolicy(exceptions: server.hostAndPort)),
    contact: "https://example.org/bot", limits: limits, resolver: resolver)
}

/// What a request that must fail failed with.
func failure<Value>(
  of body: () async throws(WebError) -> Value
) async -> WebError? {
  do throws(WebError) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}

/// Ends a response whose length its headers do not tell, or cuts one short.
func shutdownWriting(_ connection: LoopbackServer.Connection) {
  shutdown(connection.descriptor, Int32(SHUT_WR))
}
