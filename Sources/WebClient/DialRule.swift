// What the socket callback may dial for one request. The last word on an address, after name
// resolution: curl asks for every socket it opens, and again before it sends a request on any
// connection.

/// Which addresses one request may be sent to.
enum DialRule: Sendable {
  /// Configured endpoints: the operator's choice, may be private.
  case anywhere
  /// Owner-given: only what the policy permits.
  case permitted(by: AddressPolicy)
  /// An operator's exception: exactly the addresses its name had, on exactly its port.
  case exactly(Set<IPAddress>, port: UInt16)

  func allows(_ address: IPAddress, port: UInt16) -> Bool {
    switch self {
    case .anywhere: true
    case .permitted(let policy): policy.permits(address)
    case .exactly(let addresses, let only): port == only && addresses.contains(address)
    }
  }
}
