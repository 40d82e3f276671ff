// The time limits that curl has no fine enough option for: first byte, silence, minimum rate.
//
// Pure: instants come in as values, so that tests need no clock.

/// The state of one transfer's time limits.
struct Deadlines {
  typealias Instant = ContinuousClock.Instant

  private let limits: RequestLimits
  private let started: Instant
  private var lastArrival: Instant?
  private var windowStart: Instant
  private var windowBytes = 0
  private var isPaused = false

  init(_ limits: RequestLimits, started: Instant) {
    self.limits = limits
    self.started = started
    self.windowStart = started
  }

  /// Notes bytes that came from the peer.
  mutating func arrived(_ byteCount: Int, at now: Instant) {
    lastArrival = now
    windowBytes &+= byteCount
  }

  /// Stops all clocks while our own reader is slow.
  mutating func pause() { isPaused = true }

  /// Starts them afresh.
  mutating func resume(at now: Instant) {
    guard isPaused else { return }
    isPaused = false
    if lastArrival != nil { lastArrival = now }
    windowStart = now
    windowBytes = 0
  }

  /// What the transfer has waited too long for, if anything; opens a new rate window when one is
  /// over.
  mutating func expired(at now: Instant) -> WebError.Phase? {
    guard !isPaused else { return nil }
    if let lastArrival {
      if let idle = limits.idle, now - lastArrival >= idle { return .data }
    } else if let firstByte = limits.firstByte, now - started >= firstByte {
      return .firstByte
    }
    if limits.minimumBytesPerSecond > 0, now - windowStart >= limits.rateWindow {
      let least = Double(limits.minimumBytesPerSecond) * ((now - windowStart) / .seconds(1))
      if Double(windowBytes) < least { return lastArrival == nil ? .firstByte : .data }
      windowStart = now
      windowBytes = 0
    }
    return nil
  }

  /// When `expired` must be asked again at the latest; nil when no clock runs.
  var next: Instant? {
    guard !isPaused else { return nil }
    var instants: [Instant] = []
    if let lastArrival {
      if let idle = limits.idle { instants.append(lastArrival + idle) }
    } else if let firstByte = limits.firstByte {
      instants.append(started + firstByte)
    }
    if limits.minimumBytesPerSecond > 0 { instants.append(windowStart + limits.rateWindow) }
    return instants.min()
  }
}
