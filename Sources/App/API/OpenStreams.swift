// How many event streams are open: each holds a connection and is looked after every second.

import Synchronization

/// Counts streams by owner; questions that are answered before they are counted, by address.
final class OpenStreams: Sendable {
  private let inAll: Int
  private let counts = Mutex<[String: Int]>([:])

  init(inAll: Int) { self.inAll = inAll }

  /// A place among them, given back when nobody holds it any more: also by an answer that was never written.
  final class Lease: Sendable {
    private let streams: OpenStreams
    private let owner: String

    fileprivate init(_ streams: OpenStreams, _ owner: String) {
      self.streams = streams
      self.owner = owner
    }

    deinit { streams.close(owner) }
  }

  /// Counts one more for as long as the lease is held.
  ///
  /// - Throws: 429 for an owner with too many, 503 when there are too many in all.
  func open(_ owner: String, limit: Int) throws(AppError) -> Lease {
    let problem = counts.withLock { counts -> AppError? in
      guard counts.values.reduce(0, +) < inAll else { return .busy(retryAfterSeconds: 30) }
      guard counts[owner, default: 0] < limit else { return .rateLimited(milliseconds: 3000) }
      counts[owner, default: 0] += 1
      return nil
    }
    if let problem { throw problem }
    return Lease(self, owner)
  }

  private func close(_ owner: String) {
    counts.withLock { counts in
      let count = counts[owner, default: 0] - 1
      counts[owner] = count > 0 ? count : nil
    }
  }
}
