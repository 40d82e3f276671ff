// The thread of a CurlLoop: poll, perform, deliver, check time limits.
//
// Holds the mailbox but not the CurlLoop, whose end is what stops it. Never blocks but in
// curl_multi_poll.

import CCurl
import Glibc

/// Everything that stays on the loop's thread.
final class LoopThread {
  private let mailbox: LoopMailbox
  private let multi: UnsafeMutableRawPointer
  private var transfers: [UInt64: Transfer] = [:]
  private var isStopping = false

  // libcurl counts global initialisations and guards them by a lock of its own since 7.84.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

  private init?(_ mailbox: LoopMailbox) {
    guard Self.isReady, let multi = curl_multi_init() else { return nil }
    self.mailbox = mailbox
    self.multi = multi
    // Few connections are worth keeping: one server, a handful of endpoints.
    bobbin_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 32)
  }

  /// Starts the thread; when that fails the mailbox is closed and every exchange ends at once.
  static func start(_ mailbox: LoopMailbox) {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(mailbox).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let mailbox = Unmanaged<LoopMailbox>.fromOpaque(argument).takeRetainedValue()
        LoopThread.maskSignals()
        guard let loop = LoopThread(mailbox) else {
          LoopThread.refuse(mailbox.close())
          return nil
        }
        loop.run()
        return nil
      }, argument)
    if code == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<LoopMailbox>.fromOpaque(argument).release()
      refuse(mailbox.close())
    }
  }

  /// Keeps SIGPIPE of OpenSSL's writes, and the program's own signals, off this thread.
  private static func maskSignals() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
  }

  private static func refuse(_ commands: [LoopCommand]) {
    for case .start(let plan, let exchange) in commands {
      exchange.finish(.connection(host: plan.host, why: "was not tried: libcurl did not start"))
    }
  }

  private func run() {
    mailbox.open(multi)
    while !isStopping {
      for command in mailbox.take() { obey(command) }
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      collect()
      let wait = expire()
      // A wake-up that came since the mailbox was read ends this poll at once.
      curl_multi_poll(multi, nil, 0, wait, nil)
    }
    Self.refuse(mailbox.close())
    for id in Array(transfers.keys) { end(id, with: .cancelled) }
    curl_multi_cleanup(multi)
  }

  private func obey(_ command: LoopCommand) {
    switch command {
    case .start(let plan, let exchange):
      do throws(WebError) {
        let transfer = try Transfer(plan, exchange)
        guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
          throw .connection(host: plan.host, why: "could not be prepared")
        }
        transfers[exchange.id] = transfer
      } catch {
        exchange.finish(error)
      }
    case .cancel(let id):
      end(id, with: .cancelled)
    case .resume(let id):
      guard let transfer = transfers[id] else { return }
      transfer.deadlines.resume(at: .now)
      // Calls the write callback at once with what curl kept back; when that refuses, only this
      // result tells.
      let code = curl_easy_pause(transfer.easy, CURLPAUSE_CONT)
      if code != CURLE_OK { end(id, with: transfer.outcome(of: code)) }
    case .stop:
      isStopping = true
    }
  }

  /// Ends the transfers that curl has finished.
  private func collect() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      // The message dies with its handle's removal, so read it whole first.
      let easy = message.pointee.easy_handle
      let code = bobbin_message_result(message)
      guard let (id, transfer) = transfers.first(where: { $0.value.easy == easy }) else { continue }
      end(id, with: transfer.outcome(of: code))
    }
  }

  /// Ends the transfers whose time is up; returns how long the poll may last, in milliseconds.
  private func expire() -> Int32 {
    guard !transfers.isEmpty else { return Int32.max }
    let now = ContinuousClock.now
    var late: [(UInt64, WebError)] = []
    var next: ContinuousClock.Instant?
    for (id, transfer) in transfers {
      if let phase = transfer.deadlines.expired(at: now) {
        late.append((id, .timeout(host: transfer.plan.host, waitingFor: phase)))
      } else if let instant = transfer.deadlines.next {
        next = min(next ?? instant, instant)
      }
    }
    for (id, error) in late { end(id, with: error) }
    // Curl shortens the poll itself for its own time limits.
    guard let next else { return 60_000 }
    let milliseconds = (next - now) / .milliseconds(1)
    return Int32(max(1, min(60_000, milliseconds.rounded(.up))))
  }

  private func end(_ id: UInt64, with error: WebError?) {
    guard let transfer = transfers.removeValue(forKey: id) else { return }
    curl_multi_remove_handle(multi, transfer.easy)
    transfer.exchange.finish(error)
  }
}
