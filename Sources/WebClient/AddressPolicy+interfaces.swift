// The machine's own addresses, so that an owner's URL cannot come back to us through our public
// side.

import Glibc

extension AddressPolicy {
  /// Addresses of this machine's interfaces, read once with `man 3 getifaddrs`.
  ///
  /// A public address that a router translates to us is on no interface: the operator adds it by
  /// hand.
  package static func interfaceAddresses() -> Set<IPAddress> {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: Set<IPAddress> = []
    var next = list
    while let entry = next {
      if let address = entry.pointee.ifa_addr {
        let isSix = Int32(address.pointee.sa_family) == AF_INET6
        let length = isSix ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        if let address = IPAddress(UnsafeRawPointer(address), length: length) {
          found.insert(address)
        }
      }
      next = entry.pointee.ifa_next
    }
    return found
  }
}
