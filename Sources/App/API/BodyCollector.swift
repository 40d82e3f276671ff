// Takes what an answer writes: for answers that are kept, and for tests that run the routes in memory.

import Hummingbird
import NIOCore
import Synchronization

/// A writer that keeps all bytes.
final class BodyCollector: ResponseBodyWriter, Sendable {
  private let content = Mutex<[UInt8]>([])

  func write(_ buffer: ByteBuffer) async throws {
    content.withLock { $0 += buffer.readableBytesView }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}

  func bytes() -> [UInt8] { content.withLock { $0 } }
}
