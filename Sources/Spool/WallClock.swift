// The wall clock as a number. Only retry times, receipts and shown ages depend on it.

import Glibc

/// Milliseconds since 1970 UTC.
package enum WallClock {
  /// Now, by the system's clock.
  package static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
