// A request from URL to response: check, resolve, check again, dial, follow redirects by hand.
//
// Each hop is checked as if its URL had been typed. The socket callback checks once more what is
// dialled.

/// The transport over libcurl.
struct CurlClient: Sendable {
  let loop: CurlLoop
  let reach: WebTransport.Reach
  let limits: RequestLimits?
  let userAgent: String
  let certificateAuthorityFile: String?
  let resolver: NameResolver

  /// A response whose body is still to be read.
  private struct Opened {
    let head: Exchange.Head
    let url: WebURL
    let exchange: Exchange
  }

  func send(_ request: WebRequest) async throws(WebError) -> WebResponse {
    let opened = try await open(request, defaults: .configured)
    // No-op once the end has come; closes the connection on every other way out.
    defer { opened.exchange.abandon() }
    var body: [UInt8] = []
    while let piece = try await opened.exchange.next() { body.append(contentsOf: piece) }
    return WebResponse(
      status: opened.head.status, headers: opened.head.headers, body: body,
      finalURL: opened.url.text)
  }

  func stream(_ request: WebRequest) async throws(WebError) -> WebStream {
    let opened = try await open(request, defaults: .streaming)
    let lease = StreamLease(opened.exchange)
    return WebStream(
      status: opened.head.status, headers: opened.head.headers, finalURL: opened.url.text,
      body: AsyncThrowingStream { try await lease.exchange.next() })
  }

  private func open(
    _ request: WebRequest, defaults: RequestLimits
  ) async throws(WebError) -> Opened {
    let limits = request.limits ?? self.limits ?? ownLimits(defaults)
    let deadline = limits.total.map { ContinuousClock.now + $0 }
    guard request.headers.isWellFormed, !request.method.isEmpty,
      request.method.utf8.allSatisfy(WebHeaders.isTokenByte)
    else { throw .badURL(why: "came with header fields that are no HTTP") }
    var url = try WebURL(parsing: request.url, maximumBytes: limits.urlBytes)
    var headers = request.headers
    var followed = 0
    while true {
      if Task.isCancelled { throw .cancelled }
      var remaining: Duration?
      if let deadline {
        let left = deadline - .now
        guard left > .zero else { throw .timeout(host: url.host, waitingFor: .end) }
        remaining = left
      }
      let (dial, pins) = try await route(
        url, within: min(limits.connect, remaining ?? limits.connect))
      let exchange = loop.start(
        plan(request, url, headers, limits, remaining: deadline.map { $0 - .now }, dial, pins))
      do throws(WebError) {
        let head = try await exchange.head()
        guard
          let next = try RedirectRule.next(
            after: head, from: url, method: request.method, followed: followed, limits: limits)
        else { return Opened(head: head, url: url, exchange: exchange) }
        exchange.abandon()
        headers = RedirectRule.headers(headers, from: url, to: next)
        url = next
        followed += 1
      } catch {
        exchange.abandon()
        throw error
      }
    }
  }

  private func ownLimits(_ defaults: RequestLimits) -> RequestLimits {
    switch reach {
    case .ownerGiven: .ownerGiven
    case .configured: defaults
    }
  }

  private func plan(
    _ request: WebRequest, _ url: WebURL, _ headers: WebHeaders, _ limits: RequestLimits,
    remaining: Duration?, _ dial: DialRule, _ pins: [String]
  ) -> ExchangePlan {
    let isFresh =
      switch reach {
      case .ownerGiven: true
      case .configured: false
      }
    return ExchangePlan(
      url: url.text, host: url.host, method: request.method,
      // Curl drops a header given as "Name:", and takes "Name;" for one with an empty value.
      headerLines: headers.fields.map {
        $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)"
      },
      body: request.body, limits: limits, remaining: remaining, dial: dial, pins: pins,
      isFresh: isFresh, userAgent: userAgent, certificateAuthorityFile: certificateAuthorityFile)
  }

  /// Decides whether a URL may be requested, and to which addresses.
  private func route(
    _ url: WebURL, within limit: Duration
  ) async throws(WebError) -> (DialRule, pins: [String]) {
    guard case .ownerGiven(let policy) = reach else { return (.anywhere, []) }
    let isException = policy.isException(host: url.host, port: url.port)
    guard isException || url.port == 80 || url.port == 443 else {
      throw .badURL(why: "names port \(url.port); only 80 and 443 are fetched")
    }
    let addresses: [IPAddress]
    if let literal = url.literalAddress {
      addresses = [literal]
    } else {
      addresses = try await resolve(url.host, within: limit)
    }
    // One denied address condemns the name: a mixed answer is how rebinding gets its foot in the
    // door.
    guard isException || addresses.allSatisfy({ policy.permits($0) }) else {
      throw .blocked(host: url.host, mayPass: false)
    }
    let rule: DialRule =
      isException ? .exactly(Set(addresses), port: url.port) : .permitted(by: policy)
    guard url.literalAddress == nil else { return (rule, []) }
    let list = addresses.map { address in
      if case .v6 = address { "[\(address)]" } else { "\(address)" }
    }
    // "+" lets the entry expire, and it replaces what an earlier request pinned.
    return (rule, ["+\(url.host):\(url.port):\(list.joined(separator: ","))"])
  }

  private func resolve(_ host: String, within limit: Duration) async throws(WebError) -> [IPAddress]
  {
    let answer = FirstAnswer<Result<[IPAddress], WebError>>()
    let lookUp = Task {
      do throws(NameResolver.Failure) {
        let found = try await resolver.addresses(host)
        answer.give(
          found.isEmpty ? .failure(.blocked(host: host, mayPass: false)) : .success(found))
      } catch {
        switch error {
        case .unknown: answer.give(.failure(.blocked(host: host, mayPass: false)))
        case .unavailable: answer.give(.failure(.blocked(host: host, mayPass: true)))
        }
      }
    }
    let timer = Task {
      // Cancelled once the answer is there; then nobody waits for this one.
      try? await Task.sleep(for: limit)
      answer.give(.failure(.timeout(host: host, waitingFor: .name)))
    }
    defer {
      lookUp.cancel()
      timer.cancel()
    }
    let result = await withTaskCancellationHandler {
      await answer.value()
    } onCancel: {
      answer.give(.failure(.cancelled))
    }
    return try result.get()
  }
}

/// Ends its exchange when the stream that reads it is dropped.
private final class StreamLease: Sendable {
  let exchange: Exchange
  init(_ exchange: Exchange) { self.exchange = exchange }
  deinit { exchange.abandon() }
}
