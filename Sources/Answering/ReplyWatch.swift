// Watches the time limits of one reply while another task reads it.

import Synchronization

/// Clock and verdict of one reply; the first limit that passes is the verdict, and stays.
final class ReplyWatch: Sendable {
  private struct State {
    var deadlines: ReplyDeadlines
    var verdict: ReplyDeadlines.Limit?
  }

  private let waiting: RemoteLanguageModel.Waiting
  private let state: Mutex<State>

  /// Starts the clock.
  init(_ limits: ReplyLimits, _ waiting: RemoteLanguageModel.Waiting) {
    self.waiting = waiting
    state = Mutex(State(deadlines: ReplyDeadlines(limits, started: waiting.now())))
  }

  var verdict: ReplyDeadlines.Limit? { state.withLock { $0.verdict } }

  /// Time until a limit passes, as things stand.
  var left: Duration { state.withLock { $0.deadlines.next.at } - waiting.now() }

  /// Notes that text has come; false when it came too late.
  func spoke() -> Bool {
    let now = waiting.now()
    return state.withLock { state in
      state.verdict = state.verdict ?? state.deadlines.expired(at: now)
      guard state.verdict == nil else { return false }
      state.deadlines.spoke(at: now)
      return true
    }
  }

  /// Notes that no more text will come.
  func closed() {
    let now = waiting.now()
    state.withLock { $0.deadlines.closed(at: now) }
  }

  /// Returns once a limit has passed, or when its task is cancelled.
  func waitForLimit() async {
    while true {
      let now = waiting.now()
      let next = state.withLock { state in
        state.verdict = state.verdict ?? state.deadlines.expired(at: now)
        return state.verdict == nil ? state.deadlines.next.at : nil
      }
      guard let next else { return }
      do {
        // In short steps, for the end may draw near meanwhile: see `closed()`.
        try await waiting.deadline(min(next - now, ReplyDeadlines.closing))
      } catch {
        // Cancelled: the reply is over.
        return
      }
    }
  }
}
