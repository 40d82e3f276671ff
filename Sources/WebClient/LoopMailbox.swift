// Commands on their way to the thread of a CurlLoop, and the way to wake it.

import CCurl
import Synchronization

/// What tasks ask of the loop's thread.
enum LoopCommand: Sendable {
  case start(ExchangePlan, Exchange)
  case cancel(UInt64)
  case resume(UInt64)
  case stop
}

/// Commands on their way to the loop's thread.
final class LoopMailbox: Sendable {
  /// The multi handle as a target for wake-ups.
  ///
  /// Proof for `@unchecked Sendable`: other threads pass the pointer to curl_multi_wakeup only, the
  /// one function that libcurl documents as callable from any thread; they do so under the
  /// mailbox's lock and only while `multi` is set, and the loop's thread unsets it under the same
  /// lock before it frees the handle.
  private struct WakeTarget: @unchecked Sendable { let multi: UnsafeMutableRawPointer }

  private struct State {
    var commands: [LoopCommand] = []
    var target: WakeTarget?
    /// Set until the thread has failed to start or has ended.
    var isOpen = true
  }
  private let state = Mutex(State())

  /// Hands a command over; false when no thread will ever read it.
  func post(_ command: LoopCommand) -> Bool {
    state.withLock { state in
      guard state.isOpen else { return false }
      state.commands.append(command)
      if let target = state.target { curl_multi_wakeup(target.multi) }
      return true
    }
  }

  func take() -> [LoopCommand] {
    state.withLock { state in
      let commands = state.commands
      state.commands.removeAll(keepingCapacity: true)
      return commands
    }
  }

  func open(_ multi: UnsafeMutableRawPointer) {
    let target = WakeTarget(multi: multi)
    state.withLock { $0.target = target }
  }

  /// Refuses further commands and gives those that were not read.
  func close() -> [LoopCommand] {
    state.withLock { state in
      state.isOpen = false
      state.target = nil
      let commands = state.commands
      state.commands = []
      return commands
    }
  }
}
