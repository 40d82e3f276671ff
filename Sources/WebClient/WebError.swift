// Why a request brought no response.
//
// For owners (SECURITY.md S8) a refused address and a name that does not resolve are one case with
// one text: nobody learns from us which private names exist. No case holds a peer's address, banner
// or body.

/// What went wrong with one request; `host` is the name the caller gave, never an address found for
/// it.
package enum WebError: Error, Hashable, Sendable {
  /// The text is no URL that may be requested; `why` completes "the URL …".
  case badURL(why: String)
  /// The host is not one that owners' requests reach: refused, or its name has no address.
  ///
  /// `mayPass` is set when the name server could not answer for the moment.
  case blocked(host: String, mayPass: Bool)
  /// A time limit ended the request.
  case timeout(host: String, waitingFor: Phase)
  /// More came than the limit allows; `limit` in bytes.
  case tooLarge(host: String, part: Part, limit: Int)
  /// More redirects than the limit allows.
  case tooManyRedirects(host: String, limit: Int)
  /// The peer's certificate or the TLS handshake was refused.
  case tls(host: String, why: String)
  /// No connection, or one that broke; `why` completes "the connection …".
  case connection(host: String, why: String)
  /// The peer does not speak HTTP as it should; `why` completes "the answer …".
  case protocolError(host: String, why: String)
  /// The task that asked was cancelled.
  case cancelled

  /// What a request was waiting for when its time was up.
  package enum Phase: String, Hashable, Sendable {
    case name = "its name to resolve"
    case connection = "a connection"
    case firstByte = "the first byte"
    case data = "more data"
    case end = "the end of the answer"
  }

  /// The part of a response that was too large.
  package enum Part: String, Hashable, Sendable {
    case headers
    case body
  }

  /// One word for receipts, metrics and pages.
  package var reason: String {
    switch self {
    case .badURL: "bad_url"
    case .blocked: "blocked"
    case .timeout: "timeout"
    case .tooLarge: "too_large"
    case .tooManyRedirects: "too_many_redirects"
    case .tls: "tls"
    case .connection: "connection"
    case .protocolError: "protocol_error"
    case .cancelled: "cancelled"
    }
  }

  /// Whether the same request may succeed later.
  package var isTransient: Bool {
    switch self {
    case .badURL: false
    case .blocked(_, let mayPass): mayPass
    case .timeout: true
    case .tooLarge: false
    case .tooManyRedirects: false
    case .tls: false
    case .connection: true
    case .protocolError: false
    case .cancelled: true
    }
  }
}

extension WebError: CustomStringConvertible {
  /// What, where, remedy; safe to show to an owner.
  package var description: String {
    switch self {
    case .badURL(let why):
      "the URL \(why); give a full http or https URL"
    case .blocked(let host, _):
      "\(host) cannot be reached: it has no public address; check the name, or ask the operator "
        + "to allow this host and port"
    case .timeout(let host, let phase):
      "\(host) took too long (waiting for \(phase.rawValue)); try again later"
    case .tooLarge(let host, let part, let limit):
      "\(host) sent \(part.rawValue) of more than \(limit) bytes; link to a smaller file"
    case .tooManyRedirects(let host, let limit):
      "\(host) redirected more than \(limit) times; give the final URL"
    case .tls(let host, let why):
      "\(host) has no valid secure connection (\(why)); its certificate must be put right"
    case .connection(let host, let why):
      "\(host): the connection \(why); try again later"
    case .protocolError(let host, let why):
      "\(host): the answer \(why); check that the URL is a web page or an HTTP service"
    case .cancelled:
      "the request was cancelled"
    }
  }
}
