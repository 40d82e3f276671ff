// One request on its way, seen from both sides: the loop's thread delivers, one task reads.
//
// All state stands behind one mutex; continuations are resumed after it is released. The buffer is
// bounded: when it is full the loop pauses the transfer, and a reader that has made room asks for
// it to go on.

import Synchronization

/// The meeting point of a curl transfer and the task that waits for it.
final class Exchange: Sendable {
  /// Status and header fields of the final response.
  struct Head: Sendable {
    var status = 0
    var headers = WebHeaders()
  }

  private struct State {
    var head: Head?
    var pieces: [[UInt8]] = []
    var firstPiece = 0
    var buffered = 0
    var isPaused = false
    var end: Result<Void, WebError>?
    var headWaiters: [CheckedContinuation<Result<Head, WebError>, Never>] = []
    var bodyWaiters: [CheckedContinuation<Result<[UInt8]?, WebError>, Never>] = []

    /// The oldest piece, or the end, or nil when the reader must wait.
    mutating func take() -> Result<[UInt8]?, WebError>? {
      if firstPiece < pieces.count {
        let piece = pieces[firstPiece]
        pieces[firstPiece] = []
        firstPiece += 1
        if firstPiece == pieces.count {
          pieces.removeAll(keepingCapacity: true)
          firstPiece = 0
        }
        buffered -= piece.count
        return .success(piece)
      }
      return end.map { $0.map { nil } }
    }
  }

  /// Bytes that may wait for the reader before the transfer pauses.
  static let capacity = 256 << 10

  let id: UInt64
  let host: String
  private let loop: CurlLoop
  private let state = Mutex(State())

  init(id: UInt64, host: String, loop: CurlLoop) {
    self.id = id
    self.host = host
    self.loop = loop
  }

  // MARK: The loop's side

  func deliver(_ head: Head) {
    let waiters = state.withLock { state in
      guard state.end == nil else { return state.headWaiters.take() }
      state.head = head
      return state.headWaiters.take()
    }
    for waiter in waiters { waiter.resume(returning: .success(head)) }
  }

  /// Takes a piece of the body, or says that there is no room for it yet.
  func offer(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let (isTaken, waiter) = state.withLock {
      state -> (Bool, CheckedContinuation<Result<[UInt8]?, WebError>, Never>?) in
      // After the end nobody reads: swallow what still comes until the loop removes the transfer.
      guard state.end == nil else { return (true, nil) }
      if !state.bodyWaiters.isEmpty { return (true, state.bodyWaiters.removeFirst()) }
      guard state.buffered < Self.capacity else {
        state.isPaused = true
        return (false, nil)
      }
      state.pieces.append([UInt8](bytes))
      state.buffered += bytes.count
      return (true, nil)
    }
    waiter?.resume(returning: .success([UInt8](bytes)))
    return isTaken
  }

  /// Ends the exchange; only the first end counts.
  func finish(_ error: WebError?) {
    let (heads, bodies, result) = state.withLock { state in
      if state.end == nil {
        if let error {
          state.end = .failure(error)
        } else if state.head == nil {
          state.end = .failure(.protocolError(host: host, why: "ended before its header lines"))
        } else {
          state.end = .success(())
        }
      }
      return (state.headWaiters.take(), state.bodyWaiters.take(), state.end)
    }
    guard let result else { return }
    for waiter in heads {
      waiter.resume(returning: result.flatMap { .failure(Self.headless(host)) })
    }
    for waiter in bodies { waiter.resume(returning: result.map { nil }) }
  }

  private static func headless(_ host: String) -> WebError {
    .protocolError(host: host, why: "ended before its header lines")
  }

  // MARK: The reader's side

  /// Waits for the head of the final response.
  func head() async throws(WebError) -> Head {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = state.withLock { state -> Result<Head, WebError>? in
          if let head = state.head { return .success(head) }
          if let end = state.end { return end.flatMap { .failure(Self.headless(host)) } }
          state.headWaiters.append(continuation)
          return nil
        }
        if let ready { continuation.resume(returning: ready) }
      }
    } onCancel: {
      abandon()
    }
    return try result.get()
  }

  /// The next piece of the body; nil at its end.
  func next() async throws(WebError) -> [UInt8]? {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (ready, resumes) = state.withLock { state -> (Result<[UInt8]?, WebError>?, Bool) in
          let ready = state.take()
          if ready == nil { state.bodyWaiters.append(continuation) }
          let resumes = state.isPaused && state.buffered <= Self.capacity / 2
          if resumes { state.isPaused = false }
          return (ready, resumes)
        }
        if let ready { continuation.resume(returning: ready) }
        if resumes { loop.resume(self) }
      }
    } onCancel: {
      abandon()
    }
    return try result.get()
  }

  /// Ends the exchange from the reader's side: what waits is dropped and the connection is closed.
  func abandon() {
    let isNew = state.withLock { state in
      state.pieces = []
      state.firstPiece = 0
      state.buffered = 0
      return state.end == nil
    }
    guard isNew else { return }
    finish(.cancelled)
    loop.cancel(self)
  }
}

extension Array {
  /// Empties the array and gives what it held.
  fileprivate mutating func take() -> [Element] {
    let all = self
    self = []
    return all
  }
}
