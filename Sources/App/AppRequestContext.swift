// What travels with a request through middleware and handlers.

import HTTPTypes
import Hummingbird
import NIOCore
import WebClient

/// The context of one request.
struct AppRequestContext: RequestContext, RemoteAddressRequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  /// The peer of the connection; behind a proxy that is the proxy.
  let remoteAddress: SocketAddress?
  /// The address that limits are counted for, set by `ClientAddress`.
  var clientAddress: String?
  /// `METHOD path` of the route, once it is known.
  var routeName: String?

  init(source: Source) {
    coreContext = .init(source: source)
    channel = source.channel
    remoteAddress = source.channel.remoteAddress
  }

  /// What limits are counted for.
  var addressKey: String {
    AddressKey.key(clientAddress ?? remoteAddress?.ipAddress ?? "unknown")
  }
}

/// What limits are counted for.
enum AddressKey {
  /// An IPv4 address, also one in IPv6 form; of an IPv6 address its /64: one subscriber has all of those.
  static func key(_ address: String) -> String {
    guard case .v6(let high, let low)? = IPAddress(address) else { return address }
    // RFC 4291 section 2.5.5.2.
    if high == 0, low >> 32 == 0xFFFF { return "\(IPAddress.v4(UInt32(low & 0xFFFF_FFFF)))" }
    return "\(String(high, radix: 16))::/64"
  }
}

/// Finds the client's address: the peer's, or what a trusted proxy says of it.
struct ClientAddress: RouterMiddleware {
  typealias Context = AppRequestContext

  /// Addresses of proxies whose X-Forwarded-For is believed.
  let trustedProxies: Set<String>

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    let peer = context.remoteAddress?.ipAddress
    context.clientAddress = peer
    if let peer, trustedProxies.contains(peer),
      let forwarded = request.headers[ResponseHeaders.name("X-Forwarded-For")]
    {
      // From the right: the first address that no proxy of ours has is what the outermost of ours saw. What cannot be read there
      // is not passed over: whatever stands left of it was written by the client.
      let hops = forwarded.split(separator: ",").map {
        Self.address(in: String($0.trimmingSpace()))
      }
      let hop = hops.last { $0.map { !trustedProxies.contains($0) } ?? true }
      context.clientAddress = hop.flatMap { $0 } ?? peer
    }
    return try await next(request, context)
  }

  /// The address of a hop, without the port and brackets that some proxies write; nil for what is none.
  private static func address(in hop: String) -> String? {
    if IPAddress(hop) != nil { return hop }
    let bare: Substring
    if hop.hasPrefix("[") {
      bare = hop.dropFirst().prefix { $0 != "]" }
    } else {
      bare = hop.prefix { $0 != ":" }
    }
    return IPAddress(String(bare)) == nil ? nil : String(bare)
  }
}
