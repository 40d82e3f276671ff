// How long a server asks to be left alone: RFC 9110 §10.2.3, a number of seconds or a date.

import CCurl
import Glibc

extension WebHeaders {
  /// The wait of Retry-After, never negative; nil when there is none that can be read.
  ///
  /// - Parameter now: seconds since 1970 UTC, for dates.
  package func retryAfter(now: Int = time(nil)) -> Duration? {
    guard let text = self["Retry-After"] else { return nil }
    if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
    // Every form of HTTP's dates begins with a weekday; curl would also read what is no date of HTTP.
    guard let first = text.utf8.first, (0x41...0x5A).contains(first) else { return nil }
    let instant = curl_getdate(text, nil)
    guard instant >= 0 else { return nil }
    return .seconds(max(0, min(instant - now, Int(UInt32.max))))
  }
}
