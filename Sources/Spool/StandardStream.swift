// Whole lines to standard output and standard error, unbuffered: what a command says reaches a pipe or a log at once.

import Glibc

/// The process's standard streams.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Writes text as it is; a closed stream is no error, there is nobody left to tell.
  package func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes a line.
  package func line(_ text: String) { write(text + "\n") }

  /// Writes bytes.
  package func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      rest = rest.dropFirst(count)
    }
  }
}
