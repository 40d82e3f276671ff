import Testing

@testable import WebClient

@Suite struct RetryAfterTests {
  /// Thu, 26 Nov 2026 16:00:00 GMT.
  private static let now = 1_795_708_800

  @Test(arguments: [
    ("0", 0), ("120", 120), ("Thu, 26 Nov 2026 16:01:30 GMT", 90),
    ("Thursday, 26-Nov-26 16:01:30 GMT", 90), ("Thu Nov 26 16:01:30 2026", 90),
    ("Thu, 26 Nov 2026 15:00:00 GMT", 0), ("-5", nil), ("1.5", nil), ("soon", nil), ("", nil),
    ("99999999999999999999", nil), ("20261126", 20_261_126), ("2026-11-26T16:01:30Z", nil),
    ("Thu, 99 Nov 2026 16:01:30 GMT", nil), ("GMT", nil),
  ])
  func `a wait is a number of seconds or a date`(text: String, seconds: Int?) {
    let headers: WebHeaders = ["Retry-After": text]
    #expect(headers.retryAfter(now: Self.now) == seconds.map { .seconds($0) })
  }

  @Test func `no wait is none`() {
    #expect(WebHeaders().retryAfter() == nil)
  }
}
