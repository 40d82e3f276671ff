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

  @Test func `a larger plan allows no less`() {
    let tiers = PlanTier.allCases.map(\.limits)
    for (smaller, larger) in zip(tiers, tiers.dropFirst()) {
      #expect(smaller.messagesPerPeriod < larger.messagesPerPeriod)
      #expect(smaller.chatbots < larger.chatbots && smaller.storedBytes < larger.storedBytes)
      #expect(smaller.fileBytes <= larger.fileBytes)
    }
  }
}
