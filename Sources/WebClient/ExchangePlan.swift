// Everything the loop's thread needs to know about one hop of one request, as values.

/// One HTTP exchange, checked and ready to be dialled.
struct ExchangePlan: Sendable {
  /// What curl is given: the normalised text of a `WebURL`.
  var url: String
  var host: String
  var method = "GET"
  /// Lines `Name: value`, already checked for line ends.
  var headerLines: [String] = []
  var body: [UInt8]?
  var limits = RequestLimits()
  /// What is left of the total limit.
  var remaining: Duration?
  var dial: DialRule
  /// CURLOPT_RESOLVE entries: the addresses that were checked, so that no second look-up is made.
  var pins: [String] = []
  /// Neither takes an open connection nor leaves one.
  ///
  /// The socket callback does not run on a connection that is open already.
  var isFresh = true
  var userAgent: String
  /// A PEM file of authorities instead of the system's.
  var certificateAuthorityFile: String?
}
