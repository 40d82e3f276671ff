// One thread that runs curl's multi handle, and the way to it from tasks.
//
// Commands go through a mailbox; curl_multi_wakeup ends the poll. Everything curl owns is made,
// used and freed on that thread. Connections are kept within one loop only, so two loops never
// share one. Does not judge URLs or redirects.

import Synchronization

/// A pool of connections with its thread.
///
/// The thread starts with the first exchange, so a transport that is never used costs nothing, and ends when the last user lets
/// go.
final class CurlLoop: Sendable {
  private let mailbox = LoopMailbox()
  private let lastID = Atomic<UInt64>(0)
  private let isStarted = Atomic<Bool>(false)

  deinit {
    if isStarted.load(ordering: .relaxed) { _ = mailbox.post(.stop) }
  }

  /// Begins one exchange; a failure to begin shows as the end of the exchange.
  func start(_ plan: ExchangePlan) -> Exchange {
    let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
    let exchange = Exchange(id: id, host: plan.host, loop: self)
    // What is posted before the thread looks waits for it.
    if !isStarted.exchange(true, ordering: .relaxed) { LoopThread.start(mailbox) }
    if !mailbox.post(.start(plan, exchange)) {
      exchange.finish(.connection(host: plan.host, why: "was not tried: libcurl did not start"))
    }
    return exchange
  }

  func cancel(_ exchange: Exchange) { _ = mailbox.post(.cancel(exchange.id)) }

  func resume(_ exchange: Exchange) { _ = mailbox.post(.resume(exchange.id)) }
}
