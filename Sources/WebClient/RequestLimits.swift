// Numbers that bound one request. Times are enforced by curl (connection, total) and by CurlLoop
// (the others).

/// Limits of time, bytes and redirects; nil means no such limit.
package struct RequestLimits: Hashable, Sendable {
  /// Name resolution and each connection attempt, TLS included.
  package var connect: Duration
  /// The whole request with its redirects.
  package var total: Duration?
  /// From the start of a hop to the first byte of its response.
  package var firstByte: Duration?
  /// The longest silence once the response has begun.
  package var idle: Duration?
  /// The least that must arrive in every window of `rateWindow`, in bytes per second.
  package var minimumBytesPerSecond: Int
  /// How long a response may stay below the minimum rate.
  package var rateWindow: Duration
  /// Bytes of a body after decompression.
  package var bodyBytes: Int
  /// Bytes of all header lines together, trailers and interim responses included.
  package var headerBytes: Int
  /// Redirects followed; 0 gives the 3xx response itself to the caller.
  package var redirects: Int
  /// Bytes of a URL.
  package var urlBytes: Int

  package init(
    connect: Duration = .seconds(5), total: Duration? = .seconds(30), firstByte: Duration? = nil,
    idle: Duration? = nil, minimumBytesPerSecond: Int = 100, rateWindow: Duration = .seconds(10),
    bodyBytes: Int = 10 << 20, headerBytes: Int = 64 << 10, redirects: Int = 5,
    urlBytes: Int = 2_048
  ) {
    self.connect = connect
    self.total = total
    self.firstByte = firstByte
    self.idle = idle
    self.minimumBytesPerSecond = minimumBytesPerSecond
    self.rateWindow = rateWindow
    self.bodyBytes = bodyBytes
    self.headerBytes = headerBytes
    self.redirects = redirects
    self.urlBytes = urlBytes
  }

  /// For URLs that owners give.
  package static let ownerGiven = RequestLimits()
  /// For configured endpoints that answer at once: no redirects, since the request may carry a key.
  package static let configured = RequestLimits(
    total: .seconds(120), firstByte: .seconds(90), idle: .seconds(30), minimumBytesPerSecond: 0,
    bodyBytes: 64 << 20, redirects: 0, urlBytes: 8_192)
  /// For answers that are streamed while they are made.
  package static let streaming = RequestLimits(
    total: .seconds(900), firstByte: .seconds(90), idle: .seconds(60), minimumBytesPerSecond: 0,
    bodyBytes: 64 << 20, redirects: 0, urlBytes: 8_192)
}
