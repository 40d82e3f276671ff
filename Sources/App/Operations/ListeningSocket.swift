// Where connections come from: an address of our own, or a socket that somebody holds for us. A socket that outlives the process
// is what lets a restart go unseen: what arrives meanwhile waits in the kernel's queue.

import FoundationEssentials
import Glibc

/// A source of connections.
enum ListeningSocket: Hashable, Sendable {
  case address(host: String, port: Int)
  /// A bound and listening socket of this process.
  case handedOver(Int32)

  /// The first descriptor that is handed over by systemd's protocol.
  ///
  /// Source: sd_listen_fds(3).
  private static let firstDescriptor: Int32 = 3

  /// The socket that systemd or a like program holds for this process; nil when there is none.
  ///
  /// Source: sd_listen_fds(3): `LISTEN_PID` must be ours, or the variables were meant for somebody else.
  static func handedOver(_ environment: [String: String], process: Int32 = getpid())
    -> ListeningSocket?
  {
    guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == process,
      let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count >= 1,
      isListening(firstDescriptor)
    else { return nil }
    return .handedOver(firstDescriptor)
  }

  private static func isListening(_ descriptor: Int32) -> Bool {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1
  }
}
