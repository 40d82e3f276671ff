// What a sitemap says of when a page was changed (W3C's profile of ISO 8601, as sitemaps.org has it): a year, a month, a day or an
// instant. Only the latest instant that may be meant is of interest, and whether a page that was read later need be asked for.

/// Dates of sitemaps.
package enum ModificationDate {
  private static let day = 86_400_000
  /// Milliseconds for clocks that are wrong and for time zones that are not told.
  static let grace = 86_400_000

  /// The latest instant that a date may mean, in milliseconds since 1970 UTC; nil for what is none.
  package static func latest(_ text: String) -> Int? {
    let bytes = Array(text.utf8.drop { $0 <= 0x20 }.prefix { $0 > 0x20 })
    var position = 0
    func number(_ digits: Int, in range: ClosedRange<Int>) -> Int? {
      guard position + digits <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[position..<position + digits] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int(byte) - 48
      }
      position += digits
      return range.contains(value) ? value : nil
    }
    func take(_ mark: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: mark) else { return false }
      position += 1
      return true
    }
    guard let year = number(4, in: 1990...9999) else { return nil }
    if position == bytes.count { return days(year + 1, 1, 1) * day - 1 }
    guard take("-"), let month = number(2, in: 1...12) else { return nil }
    let isDecember = month == 12
    if position == bytes.count {
      return days(isDecember ? year + 1 : year, isDecember ? 1 : month + 1, 1) * day - 1
    }
    guard take("-"), let date = number(2, in: 1...31) else { return nil }
    let start = days(year, month, date) * day
    if position == bytes.count { return start + day - 1 }
    guard take("T") || take("t"), let hour = number(2, in: 0...24), take(":"),
      let minute = number(2, in: 0...59)
    else { return nil }
    var instant = start + (hour * 60 + minute) * 60_000
    if take(":") {
      guard let second = number(2, in: 0...60) else { return nil }
      instant += second * 1_000
      if take(".") { while number(1, in: 0...9) != nil {} }
    } else {
      instant += 59_000
    }
    if position == bytes.count || take("Z") || take("z") {
      return position == bytes.count ? instant + 999 : nil
    }
    let isAhead = take("+")
    guard isAhead || take("-"), let hours = number(2, in: 0...23) else { return nil }
    _ = take(":")
    guard let minutes = number(2, in: 0...59), position == bytes.count else { return nil }
    return instant + 999 - (isAhead ? 1 : -1) * (hours * 60 + minutes) * 60_000
  }

  /// Whether a page need not be asked for: it was read well after it was changed, and not too long ago.
  ///
  /// What lies ahead, what is today on every page and what cannot be read is no reason to spare it.
  ///
  /// - Parameters:
  ///   - modified: as the sitemap has it.
  ///   - readAt: when the page was asked for last, milliseconds since 1970 UTC.
  ///   - now: the same.
  ///   - trust: milliseconds after which it is asked for whatever the sitemap says.
  static func spares(_ modified: String, readAt: Int, now: Int, trust: Int) -> Bool {
    guard readAt <= now, now - readAt < trust, let latest = latest(modified) else { return false }
    return latest + grace <= readAt
  }

  /// Days since 1970, as in Hinnant's "chrono-compatible low-level date algorithms", days_from_civil.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
