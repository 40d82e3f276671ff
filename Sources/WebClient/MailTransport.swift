// Hands a letter to a mail server (RFC 5321), by libcurl: one connection a letter, on a queue of its own, under a time limit.
// Composing letters is the caller's business, trying again too.

import CCurl
import Dispatch

/// Why a letter was not accepted.
package enum MailError: Error, Sendable, CustomStringConvertible {
  /// The server's address cannot be used.
  case badServer(String)
  /// The server refused for good: 5xx.
  case refused(status: Int)
  /// It could not be reached, broke off, or said 4xx.
  case unavailable(why: String)

  /// Whether the same letter may be accepted later.
  package var isTransient: Bool {
    switch self {
    case .badServer, .refused: false
    case .unavailable: true
    }
  }

  package var description: String {
    switch self {
    case .badServer(let why): "the mail server's URL cannot be used: \(why); see BOBBIN_SMTP_URL"
    case .refused(let status): "the mail server refused the letter (\(status))"
    case .unavailable(let why): "the mail server did not take the letter: \(why)"
    }
  }
}

/// A way to a mail server.
package struct MailTransport: Sendable {
  /// Hands over one letter.
  ///
  /// - Parameters: envelope sender and recipient, and the whole message with CRLF line ends.
  package let send:
    @Sendable (_ from: String, _ to: String, _ message: [UInt8]) async throws(MailError) -> Void

  package init(
    send: @escaping @Sendable (String, String, [UInt8]) async throws(MailError) -> Void
  ) { self.send = send }

  /// The server of a URL such as `smtp://user:password@mail.example:587` or `smtps://…`.
  ///
  /// - Parameters:
  ///   - requiresTLS: whether a letter goes only over an encrypted connection; false for a server on this machine.
  ///   - seconds: for the whole of one letter.
  package static func smtp(_ url: String, requiresTLS: Bool, seconds: Int = 30) -> MailTransport {
    let queue = DispatchQueue(label: "mail")
    return MailTransport { from, to, message throws(MailError) in
      let result: Result<Void, MailError> = await withCheckedContinuation { continuation in
        queue.async {
          continuation.resume(
            returning: Result { () throws(MailError) in
              try deliver(
                url, requiresTLS: requiresTLS, seconds: seconds, from: from, to: to, message)
            })
        }
      }
      try result.get()
    }
  }

  /// What is still to be sent.
  private final class Letter {
    let bytes: [UInt8]
    var offset = 0
    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  private static func deliver(
    _ url: String, requiresTLS: Bool, seconds: Int, from: String, to: String, _ message: [UInt8]
  ) throws(MailError) {
    guard url.hasPrefix("smtp://") || url.hasPrefix("smtps://") else {
      throw .badServer("it begins with neither smtp:// nor smtps://")
    }
    for address in [from, to] where address.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
      throw .badServer("an address holds white space")
    }
    guard let easy = curl_easy_init() else { throw .unavailable(why: "curl has no memory") }
    defer { curl_easy_cleanup(easy) }
    var recipients: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(recipients) }
    recipients = curl_slist_append(nil, "<\(to)>")
    let letter = Letter(message)
    var isSet = prepare(easy, url, requiresTLS: requiresTLS, seconds: seconds)
    func set(_ code: CURLcode) { isSet = isSet && code == CURLE_OK }
    set(bobbin_set_text(easy, CURLOPT_MAIL_FROM, "<\(from)>"))
    set(bobbin_set_list(easy, CURLOPT_MAIL_RCPT, recipients))
    set(bobbin_set_long(easy, CURLOPT_UPLOAD, 1))
    set(bobbin_set_pointer(easy, CURLOPT_READDATA, Unmanaged.passUnretained(letter).toOpaque()))
    set(
      bobbin_set_write(easy, CURLOPT_READFUNCTION) { buffer, size, count, context in
        guard let buffer, let context else { return 0 }
        let letter = Unmanaged<Letter>.fromOpaque(context).takeUnretainedValue()
        let length = min(size * count, letter.bytes.count - letter.offset)
        letter.bytes.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(start: buffer, count: length).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[letter.offset..<letter.offset + length]))
        }
        letter.offset += length
        return length
      })
    guard isSet else { throw .badServer("curl does not accept it") }
    try withExtendedLifetime(letter) { () throws(MailError) in try perform(easy) }
  }

  /// Greets the server and signs in, without a letter.
  ///
  /// - Parameter requiresTLS: as for letters.
  /// - Throws: what a letter would meet before it is sent.
  package static func greet(
    _ url: String, requiresTLS: Bool, seconds: Int = 10
  ) async throws(MailError) {
    let queue = DispatchQueue(label: "mail")
    let result: Result<Void, MailError> = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(
          returning: Result { () throws(MailError) in
            guard url.hasPrefix("smtp://") || url.hasPrefix("smtps://") else {
              throw .badServer("it begins with neither smtp:// nor smtps://")
            }
            guard let easy = curl_easy_init() else {
              throw .unavailable(why: "curl has no memory")
            }
            defer { curl_easy_cleanup(easy) }
            guard prepare(easy, url, requiresTLS: requiresTLS, seconds: seconds),
              bobbin_set_long(easy, CURLOPT_NOBODY, 1) == CURLE_OK,
              // RFC 5321, 4.1.1.9: does nothing, and is answered.
              bobbin_set_text(easy, CURLOPT_CUSTOMREQUEST, "NOOP") == CURLE_OK
            else { throw .badServer("curl does not accept it") }
            try perform(easy)
          })
      }
    }
    try result.get()
  }

  private static func prepare(
    _ easy: UnsafeMutableRawPointer, _ url: String, requiresTLS: Bool, seconds: Int
  ) -> Bool {
    var isSet = true
    func set(_ code: CURLcode) { isSet = isSet && code == CURLE_OK }
    set(bobbin_set_text(easy, CURLOPT_URL, url))
    set(bobbin_set_text(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps"))
    set(bobbin_set_text(easy, CURLOPT_PROXY, ""))
    set(bobbin_set_text(easy, CURLOPT_NOPROXY, "*"))
    set(bobbin_set_long(easy, CURLOPT_NETRC, 0))
    set(bobbin_set_long(easy, CURLOPT_NOSIGNAL, 1))
    let security = requiresTLS ? CURLUSESSL_ALL : CURLUSESSL_TRY
    set(bobbin_set_long(easy, CURLOPT_USE_SSL, Int(security.rawValue)))
    set(bobbin_set_long(easy, CURLOPT_SSL_VERIFYPEER, requiresTLS ? 1 : 0))
    set(bobbin_set_long(easy, CURLOPT_SSL_VERIFYHOST, requiresTLS ? 2 : 0))
    set(bobbin_set_long(easy, CURLOPT_CONNECTTIMEOUT, min(seconds, 10)))
    set(bobbin_set_long(easy, CURLOPT_TIMEOUT, seconds))
    return isSet
  }

  private static func perform(_ easy: UnsafeMutableRawPointer) throws(MailError) {
    let code = curl_easy_perform(easy)
    if code == CURLE_OK { return }
    var status = 0
    bobbin_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    if (500...599).contains(status) { throw .refused(status: status) }
    if code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL {
      throw .badServer(String(cString: curl_easy_strerror(code)))
    }
    throw .unavailable(why: String(cString: curl_easy_strerror(code)))
  }
}
