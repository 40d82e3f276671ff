// Plans as data: what each tier allows, in one table. Pure: no rows, no clock, no money; Stripe holds amounts.

/// What an owner has paid for.
package enum PlanTier: String, CaseIterable, Codable, Comparable, Sendable {
  case free
  case pro
  case enterprise

  /// A larger plan is more.
  package static func < (one: PlanTier, other: PlanTier) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .free: 0
    case .pro: 1
    case .enterprise: 2
    }
  }

  /// The limits of this tier (API.md, "Plans and limits").
  package var limits: PlanLimits {
    switch self {
    case .free:
      PlanLimits(
        messagesPerPeriod: 100, chatbots: 1, sourcesPerChatbot: 20, pagesPerCrawl: 50,
        crawlDepth: 2, chunksPerChatbot: 2_000, storedBytes: 100 << 20, fileBytes: 10 << 20,
        messagesPerMinute: .init(session: 10, address: 30, chatbot: 60),
        modelTokensPerPeriod: 200_000, generationsKept: 2, retentionDays: 30,
        requestsPerMinute: 240, eventStreams: 5)
    case .pro:
      PlanLimits(
        messagesPerPeriod: 1_000, chatbots: 10, sourcesPerChatbot: 200, pagesPerCrawl: 1_000,
        crawlDepth: 5, chunksPerChatbot: 50_000, storedBytes: 5 << 30, fileBytes: 25 << 20,
        messagesPerMinute: .init(session: 20, address: 60, chatbot: 300),
        modelTokensPerPeriod: 5_000_000, generationsKept: 5, retentionDays: 365,
        requestsPerMinute: 600, eventStreams: 20)
    case .enterprise:
      PlanLimits(
        messagesPerPeriod: 20_000, chatbots: 100, sourcesPerChatbot: 2_000, pagesPerCrawl: 10_000,
        crawlDepth: 10, chunksPerChatbot: 500_000, storedBytes: 100 << 30, fileBytes: 25 << 20,
        messagesPerMinute: .init(session: 30, address: 120, chatbot: 1_000),
        modelTokensPerPeriod: 100_000_000, generationsKept: 10, retentionDays: nil,
        requestsPerMinute: 1_000, eventStreams: 500)
    }
  }
}

/// What one tier allows.
package struct PlanLimits: Hashable, Sendable {
  /// Visitors' messages a minute.
  package struct Messages: Hashable, Sendable {
    /// Of one session.
    package let session: Int
    /// From one address to one chatbot.
    package let address: Int
    /// To one chatbot.
    package let chatbot: Int
  }

  package let messagesPerPeriod: Int
  package let chatbots: Int
  package let sourcesPerChatbot: Int
  package let pagesPerCrawl: Int
  package let crawlDepth: Int
  package let chunksPerChatbot: Int
  /// Bytes of all sources of one owner.
  package let storedBytes: Int
  /// Bytes of one uploaded file.
  package let fileBytes: Int
  package let messagesPerMinute: Messages
  package let modelTokensPerPeriod: Int
  package let generationsKept: Int
  /// The longest that conversations may be kept; nil leaves it to the owner.
  package let retentionDays: Int?
  /// An owner's API requests.
  package let requestsPerMinute: Int
  /// Event streams an owner may have open.
  package let eventStreams: Int
}

/// The month in which messages are counted.
///
/// A new period needs no reset: its row does not exist yet.
package struct UsagePeriod: Hashable, Sendable {
  /// Milliseconds since 1970 UTC; half-open.
  package let start: Int
  package let end: Int

  private init(start: Int, end: Int) {
    self.start = start
    self.end = end
  }

  /// Milliseconds of the longest month, and a bit for calendars that are put forward or back.
  private static let longestMonth = 32 * 86_400_000

  /// The period that holds `instant`, of somebody who pays from `paidStart` until `paidEnd`.
  ///
  /// A paid year has twelve of them. When the paid time is over and nobody has told us of the next yet, the next month follows
  /// at its end: that is where Stripe will begin it.
  package init(containing instant: Int, paidFrom paidStart: Int, until paidEnd: Int) {
    let isMonth = paidEnd - paidStart <= Self.longestMonth
    if isMonth, (paidStart..<paidEnd).contains(instant) {
      self.init(start: paidStart, end: paidEnd)
      return
    }
    let anchor = instant >= paidEnd ? paidEnd : paidStart
    // Whole months from the anchor; the estimate is never too early.
    let distance = instant - anchor
    var months =
      distance < 0 ? distance / (31 * 86_400_000) : distance / (28 * 86_400_000) + 1
    while Self.instant(anchor, plusMonths: months) > instant { months -= 1 }
    let end = Self.instant(anchor, plusMonths: months + 1)
    self.init(
      start: Self.instant(anchor, plusMonths: months),
      end: instant < paidEnd ? min(end, paidEnd) : end)
  }

  /// The same time of day so many months later, on the last day of a month that is too short.
  private static func instant(_ anchor: Int, plusMonths months: Int) -> Int {
    let day = Int((Double(anchor) / 86_400_000).rounded(.down))
    let (year, month) = month(ofDay: day)
    let dayOfMonth = day - Self.day(year: year, month: month)
    let count = year * 12 + month - 1 + months
    let (newYear, newMonth) = (count / 12, count % 12 + 1)
    let first = Self.day(year: newYear, month: newMonth)
    let next =
      newMonth == 12
      ? Self.day(year: newYear + 1, month: 1) : Self.day(year: newYear, month: newMonth + 1)
    return min(first + dayOfMonth, next - 1) * 86_400_000 + (anchor - day * 86_400_000)
  }

  /// The calendar month, UTC, that holds `instant` (milliseconds since 1970 UTC).
  package init(containing instant: Int) {
    let day = Int((Double(instant) / 86_400_000).rounded(.down))
    let (year, month) = Self.month(ofDay: day)
    start = Self.day(year: year, month: month) * 86_400_000
    end =
      (month == 12 ? Self.day(year: year + 1, month: 1) : Self.day(year: year, month: month + 1))
      * 86_400_000
  }

  /// Source: Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
  private static func month(ofDay day: Int) -> (year: Int, month: Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
  }

  /// Days since 1970 of the first of a month.
  ///
  /// The same source, days_from_civil.
  package static func day(year: Int, month: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
