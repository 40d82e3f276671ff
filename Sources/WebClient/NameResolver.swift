// Host name to addresses, before anything is dialled.
//
// getaddrinfo blocks for as long as the name servers take, so it runs on threads of its own, a
// bounded number of them, and its caller stops waiting when time is up. Does not judge addresses:
// AddressPolicy.

import Dispatch
import Glibc
import Synchronization

/// Finds all addresses of a name.
package struct NameResolver: Sendable {
  /// Why a name brought no address.
  package enum Failure: Error, Sendable {
    /// There is no such name, or it has no address.
    case unknown
    /// The name servers could not say for the moment.
    case unavailable
  }

  /// All IPv4 and IPv6 addresses of `host`, which may be an address itself.
  package var addresses: @Sendable (_ host: String) async throws(Failure) -> [IPAddress]

  /// Makes a resolver from a function, for tests.
  package init(
    _ addresses: @escaping @Sendable (_ host: String) async throws(Failure) -> [IPAddress]
  ) {
    self.addresses = addresses
  }

  /// The system's resolver (`man 3 getaddrinfo`), at most 16 look-ups at once.
  package static let system: NameResolver = {
    let lane = ResolverLane(width: 16)
    return NameResolver { (host: String) async throws(Failure) -> [IPAddress] in
      let result = await withCheckedContinuation { continuation in
        lane.run { continuation.resume(returning: lookUp(host)) }
      }
      return try result.get()
    }
  }()

  private static func lookUp(_ host: String) -> Result<[IPAddress], Failure> {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      return .failure(code == EAI_AGAIN || code == EAI_MEMORY ? .unavailable : .unknown)
    }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var next = list
    while let entry = next {
      if let address = entry.pointee.ai_addr,
        let address = IPAddress(
          UnsafeRawPointer(address), length: Int(entry.pointee.ai_addrlen)),
        !found.contains(address)
      {
        found.append(address)
      }
      next = entry.pointee.ai_next
    }
    return found.isEmpty ? .failure(.unknown) : .success(found)
  }
}

/// Blocking work, at most `width` pieces at once; the rest wait in order without a thread.
private final class ResolverLane: Sendable {
  private struct State {
    var running = 0
    var waiting: [@Sendable () -> Void] = []
  }
  private let state = Mutex(State())
  private let width: Int
  private let queue = DispatchQueue(label: "bobbin.resolver", attributes: .concurrent)

  init(width: Int) { self.width = width }

  func run(_ work: @escaping @Sendable () -> Void) {
    let startsNow = state.withLock { state in
      guard state.running < width else {
        state.waiting.append(work)
        return false
      }
      state.running += 1
      return true
    }
    if startsNow { queue.async { self.drain(work) } }
  }

  private func drain(_ first: @escaping @Sendable () -> Void) {
    var work: (@Sendable () -> Void)? = first
    while let current = work {
      current()
      work = state.withLock { state in
        guard !state.waiting.isEmpty else {
          state.running -= 1
          return nil
        }
        return state.waiting.removeFirst()
      }
    }
  }
}
