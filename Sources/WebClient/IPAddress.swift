// An IPv4 or IPv6 address as bits, and a block of them.
//
// Relies on inet_pton and sockaddr only. Does not resolve names and does not know which addresses
// are allowed.

import Glibc

/// An address, without port or scope.
package enum IPAddress: Hashable, Sendable {
  /// 32 bits, first octet in the most significant byte.
  case v4(UInt32)
  /// 128 bits, most significant half first.
  case v6(UInt64, UInt64)

  /// Parses the strict textual form: four decimal octets, or RFC 4291 without brackets and scope.
  package init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self = .v4(UInt32(bigEndian: four.s_addr))
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      self.init(six)
    } else {
      return nil
    }
  }

  /// Reads a socket address of `length` bytes; nil for any family but IPv4 and IPv6.
  init?(_ address: UnsafeRawPointer, length: Int) {
    guard length >= MemoryLayout<sockaddr>.size else { return nil }
    switch Int32(address.loadUnaligned(as: sockaddr.self).sa_family) {
    case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
      self = .v4(UInt32(bigEndian: address.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
      self.init(address.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
    default:
      return nil
    }
  }

  /// The port of a socket address that `init(_:length:)` has read; it stands at one place in both
  /// families.
  static func port(in address: UnsafeRawPointer) -> UInt16 {
    UInt16(bigEndian: address.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
  }

  private init(_ six: in6_addr) {
    self = withUnsafeBytes(of: six) { bytes in
      .v6(
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// The form that `init(_:)` reads and that curl's CURLOPT_RESOLVE takes.
  package var description: String {
    switch self {
    case .v4(let bits):
      "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    case .v6(let high, let low):
      [high, low].flatMap { half in
        [48, 32, 16, 0].map { String(half >> UInt64($0) & 0xffff, radix: 16) }
      }.joined(separator: ":")
    }
  }
}
