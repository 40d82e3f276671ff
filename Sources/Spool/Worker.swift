// Who claims: a name that no other worker has had or will have, and a counter so that no claim's name recurs.

import Glibc
import Synchronization

/// One worker process.
package final class Worker: Sendable {
  /// Host label, pid and 16 random hex digits, joined by `-`.
  package let name: String
  private let claims = Mutex(0)

  package init() {
    var buffer = [CChar](repeating: 0, count: 256)
    gethostname(&buffer, buffer.count - 1)
    let host = buffer.prefix { $0 != 0 && $0 != 46 }.map { UInt8(bitPattern: $0) | 0x20 }
      .filter { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }.prefix(32)
    let label = host.isEmpty ? "host" : String(decoding: host, as: UTF8.self)
    name = "\(label)-\(getpid())-\(Self.randomDigits())"
  }

  /// The name of the next claim of `item`.
  func claimName(for item: ItemName) -> String {
    let number = claims.withLock { claims in
      claims += 1
      return claims
    }
    return "\(item.fileName),\(name)-\(number)"
  }

  /// 16 hex digits from the system's random source.
  package static func randomDigits() -> String {
    var random = SystemRandomNumberGenerator()
    let number = random.next()
    return SHA256Digest.hexDigits(of: (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
  }
}
