// Named places at which a test can end the process: a crash at exactly this step.
//
// `CRASH_AT=name:n` in the environment kills the process with SIGKILL when the place of that name is passed for the nth
// time, `CRASH_AT=any:n` at the nth passing of any place, so that n = 1, 2, … enumerates every crash point of a run.
// Without the variable a fail point is one comparison.

import Glibc
import Synchronization

/// A place where a test can make the process die.
package enum FailPoint {
  private static let target: (name: String, count: Int)? = {
    guard let value = getenv("CRASH_AT").map({ String(cString: $0) }) else { return nil }
    let parts = value.split(separator: ":")
    guard parts.count == 2, let count = Int(parts[1]) else { return nil }
    return (String(parts[0]), count)
  }()
  private static let passed = Mutex(0)

  /// Dies here when the environment says so; see the head of this file.
  package static func hit(_ name: String) {
    guard let target, target.name == name || target.name == "any" else { return }
    let count = passed.withLock { passed in
      passed += 1
      return passed
    }
    if count == target.count { kill(getpid(), SIGKILL) }
  }
}
