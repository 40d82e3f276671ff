// Whether and whither a response sends us on. Pure; the next URL is still to be checked like the
// first.

/// The rule for redirects.
enum RedirectRule {
  /// The URL to request next; nil when the response itself is the answer.
  ///
  /// Only GET and HEAD are sent on, so that a body never travels to a host the caller did not name.
  /// - Throws: `WebError.badURL` for a target that may not be followed, `.tooManyRedirects`.
  static func next(
    after response: Exchange.Head, from url: WebURL, method: String, followed: Int,
    limits: RequestLimits
  ) throws(WebError) -> WebURL? {
    guard [301, 302, 303, 307, 308].contains(response.status), limits.redirects > 0,
      method == "GET" || method == "HEAD", let location = response.headers["Location"]
    else { return nil }
    guard followed < limits.redirects else {
      throw .tooManyRedirects(host: url.host, limit: limits.redirects)
    }
    let next = try WebURL(parsing: location, relativeTo: url, maximumBytes: limits.urlBytes)
    guard url.scheme == "http" || next.scheme == "https" else {
      throw .badURL(why: "redirects from https to http, which is not followed")
    }
    return next
  }

  /// The header fields that may go to the next URL: all of them within one origin, else those that
  /// say nothing private.
  static func headers(_ headers: WebHeaders, from url: WebURL, to next: WebURL) -> WebHeaders {
    if url.hasSameOrigin(as: next) { return headers }
    var kept = WebHeaders()
    for field in headers.fields
    where ["accept", "accept-language"].contains(field.name.lowercased()) {
      kept.append(field.name, field.value)
    }
    return kept
  }
}
