// Which addresses may be dialled for a URL that an owner typed.
//
// Deny list for IPv4, allow list for IPv6, as SECURITY.md section S has them, each block with its
// reason. The decision is on an address, never on a host's spelling. Exceptions are exact host and
// port pairs that the operator names. Does not resolve and does not dial: NameResolver, CurlLoop.

/// The rule for addresses of owner-given URLs.
package struct AddressPolicy: Hashable, Sendable {
  /// A host and port that owner-given URLs may reach whatever its addresses are.
  package struct Exception: Hashable, Sendable, CustomStringConvertible {
    /// As it stands in a URL: lower case, IPv6 in brackets.
    package let host: String
    package let port: UInt16

    package var description: String { "\(host):\(port)" }
  }

  /// Named by the operator; to be printed at start.
  package let exceptions: Set<Exception>
  /// Our own public addresses, denied besides the list.
  package let ownAddresses: Set<IPAddress>

  /// Makes a policy; without arguments every private address is denied.
  package init(exceptions: Set<Exception> = [], ownAddresses: Set<IPAddress> = []) {
    self.exceptions = exceptions
    self.ownAddresses = ownAddresses
  }

  /// Reads the operator's exceptions: `host:port` pairs, comma separated, spaces around them
  /// ignored.
  ///
  /// - Throws: `WebError.badURL` naming the pair that is none.
  package init(
    exceptions list: String, ownAddresses: Set<IPAddress> = []
  ) throws(WebError) {
    var exceptions: Set<Exception> = []
    for pair in list.split(separator: ",") {
      let text = String(pair.filter { $0 != " " && $0 != "\t" })
      if text.isEmpty { continue }
      // The URL parser gives the host the one spelling that requests are compared by.
      guard let colon = text.lastIndex(of: ":"),
        UInt16(text[text.index(after: colon)...]) != nil,
        let url = try? WebURL(parsing: "http://\(text)/"), url.pathAndQuery == "/"
      else {
        throw .badURL(why: "exception \"\(text)\" is not a host:port pair")
      }
      exceptions.insert(Exception(host: url.host, port: url.port))
    }
    self.init(exceptions: exceptions, ownAddresses: ownAddresses)
  }

  /// Whether the operator named this very host and port.
  package func isException(host: String, port: UInt16) -> Bool {
    exceptions.contains(Exception(host: host, port: port))
  }

  /// Whether an address is public, as far as the lists know.
  package func permits(_ address: IPAddress) -> Bool {
    guard !ownAddresses.contains(address) else { return false }
    switch address {
    case .v4:
      return !Self.deniedV4.contains { $0.contains(address) }
    case .v6:
      return Self.allowedV6.contains { $0.contains(address) }
        && !Self.deniedWithinV6.contains { $0.contains(address) }
    }
  }

  private static let deniedV4 = blocks([
    "0.0.0.0/8",  // this network: Linux dials loopback
    "10.0.0.0/8",  // private
    "100.64.0.0/10",  // carrier-grade NAT
    "127.0.0.0/8",  // loopback
    "169.254.0.0/16",  // link-local, cloud metadata
    "172.16.0.0/12",  // private
    "192.0.0.0/24",  // protocol assignments
    "192.0.2.0/24",  // documentation
    "192.88.99.0/24",  // 6to4 relay
    "192.168.0.0/16",  // private
    "198.18.0.0/15",  // benchmarks
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",  // multicast
    "240.0.0.0/4",  // reserved, broadcast
  ])
  // Everything that embeds or maps an IPv4 address, loopback, link-local, unique local and
  // multicast lies outside.
  private static let allowedV6 = blocks(["2000::/3"])
  private static let deniedWithinV6 = blocks([
    "2001::/23",  // protocol assignments, Teredo
    "2001:db8::/32",  // documentation
    "2002::/16",  // 6to4: embeds an IPv4 address
    "3fff::/20",  // documentation
  ])

  // compactMap would drop a misspelt line in silence; the table test counts and probes every block.
  private static func blocks(_ texts: [String]) -> [AddressBlock] {
    texts.compactMap { AddressBlock($0) }
  }

  /// How many blocks the three lists hold, for the test that none was misspelt.
  static var blockCount: Int { deniedV4.count + allowedV6.count + deniedWithinV6.count }
}
