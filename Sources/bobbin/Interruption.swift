// Ctrl-C and SIGTERM as a flag that a loop looks at.

import Dispatch
import Glibc
import Spool

/// Whether Ctrl-C was pressed or the process was asked to end.
final class Interruption {
  private let flag = StopFlag()
  private let sources: [any DispatchSourceSignal]

  init() {
    let flag = flag
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { flag.set() }
      source.resume()
      return source
    }
  }

  var happened: Bool { flag.isSet }
}
