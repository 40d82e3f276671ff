// What a server's thread waits at until a test lets it go on.

import Dispatch

/// A gate; each opening lets one waiter through.
package final class Gate: Sendable {
  private let condition = DispatchSemaphore(value: 0)

  package init() {}

  package func wait() { condition.wait() }
  package func open() { condition.signal() }
}
