// The end of our executables. `exit` runs the destructors of every library while our threads go on: OpenSSL's tables went from
// under libcurl's thread, and one bobbin-fetch in fifty with nothing to do ended by SIGSEGV.

import Glibc

/// Ends the process.
package enum ProcessEnd {
  /// Ends it at once with `code`: what was printed is flushed, no exit handler and no destructor runs (man 2 _exit).
  ///
  /// What must be durable is so before this is called; locks and claims end with the process.
  package static func now(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }
}
