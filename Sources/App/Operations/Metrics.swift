// Counts and times for Prometheus (text exposition format 0.0.4), without user data in labels: routes, methods and status
// classes only. Written by hand because no client library for it is among the packages, and it is one page of text.

import Synchronization

/// Collects what requests did.
final class Metrics: Sendable {
  /// Upper bounds of the histogram, in seconds.
  static let bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private struct Series {
    /// By status.
    var counts: [Int: Int] = [:]
    var buckets = [Int](repeating: 0, count: Metrics.bounds.count)
    var seconds = 0.0
    var total: Int { counts.values.reduce(0, +) }
  }

  private let series = Mutex<[String: Series]>([:])
  private let active = Mutex(0)

  func begin() { active.withLock { $0 += 1 } }

  /// - Parameter route: `METHOD /path/{with}/names`; a request that met no route has one name for all.
  func end(route: String, status: Int, seconds: Double) {
    active.withLock { $0 -= 1 }
    series.withLock { all in
      var one = all[route] ?? Series()
      one.counts[status, default: 0] += 1
      one.seconds += seconds
      for (index, bound) in Self.bounds.enumerated() where seconds <= bound {
        one.buckets[index] += 1
      }
      all[route] = one
    }
  }

  /// All series, in order.
  func text() -> String {
    let (all, active) = (series.withLock { $0 }, active.withLock { $0 })
    var lines = [
      "# HELP bobbin_http_requests_total Requests answered.",
      "# TYPE bobbin_http_requests_total counter",
    ]
    for (route, one) in all.sorted(by: { $0.key < $1.key }) {
      for (status, count) in one.counts.sorted(by: { $0.key < $1.key }) {
        lines.append(
          "bobbin_http_requests_total{route=\"\(route)\",status=\"\(status)\"} \(count)")
      }
    }
    lines += [
      "# HELP bobbin_http_request_seconds Time to the end of an answer.",
      "# TYPE bobbin_http_request_seconds histogram",
    ]
    for (route, one) in all.sorted(by: { $0.key < $1.key }) {
      for (bound, count) in zip(Self.bounds, one.buckets) {
        lines.append(
          "bobbin_http_request_seconds_bucket{route=\"\(route)\",le=\"\(bound)\"} \(count)")
      }
      lines.append(
        "bobbin_http_request_seconds_bucket{route=\"\(route)\",le=\"+Inf\"} \(one.total)")
      lines.append("bobbin_http_request_seconds_sum{route=\"\(route)\"} \(one.seconds)")
      lines.append("bobbin_http_request_seconds_count{route=\"\(route)\"} \(one.total)")
    }
    lines += [
      "# HELP bobbin_http_requests_active Requests being answered.",
      "# TYPE bobbin_http_requests_active gauge", "bobbin_http_requests_active \(active)",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
