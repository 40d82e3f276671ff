import Billing
import Foundation
import Testing

@Suite struct PlanTests {
  @Test func `a period is the calendar month that holds the moment`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    // Every 11 days over 70 years, against the calendar of Foundation.
    for day in stride(from: -200, to: 25_000, by: 11) {
      let instant = day * 86_400_000 + 12_345_678
      let period = UsagePeriod(containing: instant)
      let month = try #require(
        calendar.dateInterval(
          of: .month, for: Date(timeIntervalSince1970: Double(instant) / 1000)))
      #expect(period.start == Int(month.start.timeIntervalSince1970) * 1000, "\(day)")
      #expect(period.end == Int(month.end.timeIntervalSince1970) * 1000, "\(day)")
    }
  }

  @Test func `a paid period is divided into months that neither overlap nor leave a gap`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    func instant(_ year: Int, _ month: Int, _ day: Int) throws -> Int {
      let date = calendar.date(
        from: DateComponents(year: year, month: month, day: day, hour: 11, minute: 7))
      return Int(try #require(date).timeIntervalSince1970) * 1000
    }
    for (start, end) in [
      (try instant(2026, 1, 31), try instant(2026, 2, 28)),
      (try instant(2026, 11, 27), try instant(2026, 12, 27)),
      (try instant(2024, 2, 29), try instant(2025, 2, 28)),
      (try instant(2026, 8, 31), try instant(2027, 8, 31)),
      (try instant(2026, 11, 27), try instant(2026, 12, 4)),
    ] {
      func period(_ instant: Int) -> UsagePeriod {
        UsagePeriod(containing: instant, paidFrom: start, until: end)
      }
      // From a year before to five years after: each moment lies in its period, and the next one begins where it ends.
      var at = start - 366 * 86_400_000
      while at < start + 1827 * 86_400_000 {
        let found = period(at)
        #expect(found.start <= at && at < found.end, "\(at)")
        #expect(period(found.end).start == found.end && period(found.end - 1) == found, "\(at)")
        #expect(found.end - found.start <= 32 * 86_400_000)
        at += 5 * 86_400_000 + 77_777
      }
      #expect(
        period(start).start == start && period(end - 1).end == end && period(end).start == end)
    }
    // A paid month is the period itself; a year has twelve, on the same day and the same time of day.
    let (start, end) = (try instant(2026, 8, 31), try instant(2027, 8, 31))
    let february = UsagePeriod(
      containing: try instant(2027, 3, 1), paidFrom: start, until: end)
    let (first, last) = (try instant(2027, 2, 28), try instant(2027, 3, 31))
    #expect(february.start == first && february.end == last)
  }

  @Test func `a larger plan allows no less`() {
    let tiers = PlanTier.allCases.map(\.limits)
    for (smaller, larger) in zip(tiers, tiers.dropFirst()) {
      #expect(smaller.messagesPerPeriod < larger.messagesPerPeriod)
      #expect(smaller.chatbots < larger.chatbots && smaller.storedBytes < larger.storedBytes)
      #expect(smaller.fileBytes <= larger.fileBytes)
    }
  }
}
