// One curl easy handle with its options and what its callbacks saw.
//
// Lives on the loop's thread from its making to its end, so it needs no lock and is not Sendable.
// Every option that guards something must be accepted by the installed libcurl, or the request is
// not made.

import CCurl
import Glibc

/// A request while curl works on it.
final class Transfer {
  let easy: UnsafeMutableRawPointer
  let exchange: Exchange
  let plan: ExchangePlan
  var deadlines: Deadlines
  var head = Exchange.Head()
  var isHeadDone = false
  var isConnected = false
  var headerBytes = 0
  var bodyBytes = 0
  /// Our own reason for ending the transfer; stands above curl's.
  var verdict: WebError?
  private var lists: [UnsafeMutablePointer<curl_slist>] = []

  init(_ plan: ExchangePlan, _ exchange: Exchange) throws(WebError) {
    guard let easy = curl_easy_init() else {
      throw .connection(host: plan.host, why: "could not be prepared")
    }
    self.easy = easy
    self.exchange = exchange
    self.plan = plan
    self.deadlines = Deadlines(plan.limits, started: .now)
    try setReach()
    try setLimits()
    try setRequest()
    try setCallbacks()
  }

  deinit {
    curl_easy_cleanup(easy)
    for list in lists { curl_slist_free_all(list) }
  }

  /// Which ways out there are: http and https to the checked address, directly.
  private func setReach() throws(WebError) {
    try set(CURLOPT_URL, plan.url)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    // An empty proxy keeps curl from reading http_proxy and its kin; NOPROXY stands behind it.
    try set(CURLOPT_PROXY, "")
    try set(CURLOPT_NOPROXY, "*")
    try set(CURLOPT_NETRC, 0)
    try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    if let file = plan.certificateAuthorityFile { try set(CURLOPT_CAINFO, file) }
    try set(CURLOPT_FRESH_CONNECT, plan.isFresh ? 1 : 0)
    try set(CURLOPT_FORBID_REUSE, plan.isFresh ? 1 : 0)
    if plan.isFresh { try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) }
    try set(CURLOPT_RESOLVE, list: plan.pins)
    // Signals are masked on the loop's thread; curl must not install its own.
    try set(CURLOPT_NOSIGNAL, 1)
  }

  private func setLimits() throws(WebError) {
    try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(plan.limits.connect))
    if let remaining = plan.remaining {
      try set(CURLOPT_TIMEOUT_MS, Self.milliseconds(remaining))
    }
    if plan.method != "HEAD" {
      // Refuses by Content-Length what the write callback would cut later.
      let code = bobbin_set_offset(
        easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(plan.limits.bodyBytes))
      try check(code, CURLOPT_MAXFILESIZE_LARGE)
    }
  }

  private func setRequest() throws(WebError) {
    try set(CURLOPT_USERAGENT, plan.userAgent)
    try set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate")
    if let body = plan.body {
      let size = bobbin_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      try check(size, CURLOPT_POSTFIELDSIZE_LARGE)
      // Curl copies the bytes, so they need not outlive this call. An empty array may have no
      // address.
      let code = (body.isEmpty ? [0] : body).withUnsafeBytes { bytes in
        bobbin_set_pointer(
          easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
      }
      try check(code, CURLOPT_COPYPOSTFIELDS)
      if plan.method != "POST" { try set(CURLOPT_CUSTOMREQUEST, plan.method) }
    } else if plan.method == "HEAD" {
      try set(CURLOPT_NOBODY, 1)
    } else if plan.method != "GET" {
      try set(CURLOPT_CUSTOMREQUEST, plan.method)
    }
    // Without this curl waits a second for "100 Continue" before it sends a large body.
    try set(CURLOPT_HTTPHEADER, list: plan.headerLines + ["Expect:"])
  }

  private func setCallbacks() throws(WebError) {
    let ourselves = Unmanaged.passUnretained(self).toOpaque()
    for option in [
      CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA,
    ] {
      try check(bobbin_set_pointer(easy, option, ourselves), option)
    }
    try check(
      bobbin_set_write(easy, CURLOPT_WRITEFUNCTION, Self.onBody), CURLOPT_WRITEFUNCTION)
    try check(
      bobbin_set_write(easy, CURLOPT_HEADERFUNCTION, Self.onHeader), CURLOPT_HEADERFUNCTION)
    try check(bobbin_set_open_socket(easy, Self.onOpenSocket), CURLOPT_OPENSOCKETFUNCTION)
    try check(bobbin_set_before_request(easy, Self.onBeforeRequest), CURLOPT_PREREQFUNCTION)
  }

  private func set(_ option: CURLoption, _ value: Int) throws(WebError) {
    try check(bobbin_set_long(easy, option, value), option)
  }

  private func set(_ option: CURLoption, _ value: String) throws(WebError) {
    try check(bobbin_set_text(easy, option, value), option)
  }

  private func set(_ option: CURLoption, list lines: [String]) throws(WebError) {
    guard !lines.isEmpty else { return }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        throw .connection(host: plan.host, why: "could not be prepared")
      }
      list = longer
    }
    if let list { lists.append(list) }
    try check(bobbin_set_list(easy, option, list), option)
  }

  private func check(_ code: CURLcode, _ option: CURLoption) throws(WebError) {
    guard code == CURLE_OK else {
      throw .connection(
        host: plan.host, why: "was not tried: this libcurl refuses option \(option.rawValue)")
    }
  }

  /// At least 1, since curl reads 0 as its default or as no limit.
  private static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    let (product, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000)
    if isTooLong || product > Int64(Int32.max) { return Int(Int32.max) }
    return max(1, Int(product + attoseconds / 1_000_000_000_000_000))
  }
}
