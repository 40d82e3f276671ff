// A small HTTP server on loopback, for tests: POSIX sockets, one thread a connection, answers
// scripted by path.
//
// Relies on nothing but Glibc. Not a web server: it reads one request's head and body and runs the
// script.

import Glibc
import Synchronization

/// A listening socket on an ephemeral port of 127.0.0.1, closed with its last holder.
package final class LoopbackServer: Sendable {
  /// One connection, for the script to write to.
  package struct Connection: Sendable {
    package let descriptor: Int32

    /// Writes all bytes; false once the peer has gone.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
          Glibc.send(
            descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
        if count <= 0 { return false }
        sent += count
      }
      return true
    }

    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Writes a whole response that keeps the connection.
    package func respond(_ status: Int, _ headers: [String] = [], body: [UInt8] = []) {
      let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.count)"] + headers
      write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// Waits until the peer closes, or for the given time; true when it has closed.
    package func waitForClose(milliseconds: Int32) -> Bool {
      var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waited, 1, milliseconds) > 0 else { return false }
      var byte: UInt8 = 0
      return recv(descriptor, &byte, 1, 0) <= 0
    }
  }

  /// A request as it came.
  package struct Request: Sendable {
    package let method: String
    package let path: String
    package let lines: [String]
    package let body: [UInt8]

    package func header(_ name: String) -> String? {
      lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
    }
  }

  package typealias Script = @Sendable (Request, Connection) -> Void

  private struct Seen {
    var connections = 0
    var requests: [Request] = []
  }

  package let port: UInt16
  private let listener: Int32
  private let seen = Mutex(Seen())

  package var connectionCount: Int { seen.withLock { $0.connections } }
  package var requests: [Request] { seen.withLock { $0.requests } }
  package func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }
  package var hostAndPort: String { "127.0.0.1:\(port)" }

  /// Waits until the first request has come, for a minute at most.
  package func waitForRequest() async throws {
    let end = ContinuousClock.now + .seconds(60)
    while requests.isEmpty {
      guard .now < end else { throw NoRequest() }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  struct NoRequest: Error {}

  struct SocketFailure: Error { let code: Int32 }

  package init(_ script: @escaping Script) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard isListening else { throw SocketFailure(code: errno) }
    Self.thread { [weak self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else {
          // Closed here and not in deinit, where the number could be another server's before we
          // accept again.
          close(listener)
          return
        }
        self?.seen.withLock { $0.connections += 1 }
        Self.thread { [weak self] in
          let connection = Connection(descriptor: descriptor)
          while let request = Self.read(descriptor) {
            self?.seen.withLock { $0.requests.append(request) }
            script(request, connection)
          }
          close(descriptor)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// Reads one request; nil when the peer has closed.
  private static func read(_ descriptor: Int32) -> Request? {
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
      head.append(byte)
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
    let words = (lines.first ?? "").split(separator: " ").map(String.init)
    guard words.count == 3 else { return nil }
    let length =
      lines.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    var body: [UInt8] = []
    while body.count < length, recv(descriptor, &byte, 1, 0) == 1 { body.append(byte) }
    return Request(method: words[0], path: words[1], lines: Array(lines.dropFirst()), body: body)
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func thread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body)).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { work in
        if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
        return nil
      }, work)
    if code == 0 { pthread_detach(thread) }
  }
}
