// What curl calls during a transfer, always on the loop's thread. Nothing is thrown across C: a
// callback notes its verdict in the transfer and returns the value that makes curl stop.

import CCurl
import Glibc

extension Transfer {
  private static func of(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
    // The loop holds the transfer until its handle has left the multi handle, and callbacks run
    // only before that.
    pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  static let onBody: curl_write_callback = { bytes, size, count, pointer in
    let (length, isTooLong) = size.multipliedReportingOverflow(by: count)
    guard let transfer = Transfer.of(pointer), let bytes, !isTooLong else { return 0 }
    return transfer.body(UnsafeRawBufferPointer(start: bytes, count: length))
  }

  static let onHeader: curl_write_callback = { bytes, size, count, pointer in
    let (length, isTooLong) = size.multipliedReportingOverflow(by: count)
    guard let transfer = Transfer.of(pointer), let bytes, !isTooLong else { return 0 }
    return transfer.header(UnsafeRawBufferPointer(start: bytes, count: length)) ? length : 0
  }

  static let onOpenSocket: curl_opensocket_callback = { pointer, purpose, address in
    guard let transfer = Transfer.of(pointer), let address, purpose == CURLSOCKTYPE_IPCXN,
      let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr)
    else { return bobbin_bad_socket() }
    // Curl allots room for the longest address behind the field that is declared as a plain
    // sockaddr.
    let raw = UnsafeRawPointer(address) + offset
    guard let target = IPAddress(raw, length: Int(address.pointee.addrlen)),
      transfer.mayDial(target, port: IPAddress.port(in: raw))
    else { return bobbin_bad_socket() }
    return socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
      address.pointee.protocol)
  }

  static let onBeforeRequest: curl_prereq_callback = { pointer, peer, _, port, _ in
    guard let transfer = Transfer.of(pointer), let peer,
      let target = IPAddress(String(cString: peer)), let port = UInt16(exactly: port),
      transfer.mayDial(target, port: port)
    else { return CURL_PREREQFUNC_ABORT }
    transfer.isConnected = true
    return CURL_PREREQFUNC_OK
  }

  private func mayDial(_ address: IPAddress, port: UInt16) -> Bool {
    if plan.dial.allows(address, port: port) { return true }
    verdict = .blocked(host: plan.host, mayPass: false)
    return false
  }

  /// Takes decompressed bytes; returns what curl's write callback returns.
  private func body(_ bytes: UnsafeRawBufferPointer) -> Int {
    if bytes.isEmpty { return 0 }
    guard bytes.count <= plan.limits.bodyBytes - bodyBytes else {
      verdict = .tooLarge(host: plan.host, part: .body, limit: plan.limits.bodyBytes)
      return 0
    }
    guard exchange.offer(bytes) else {
      deadlines.pause()
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    bodyBytes += bytes.count
    deadlines.arrived(bytes.count, at: .now)
    return bytes.count
  }

  /// Takes one header line, status lines and trailers included; false ends the transfer.
  private func header(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= plan.limits.headerBytes - headerBytes else {
      verdict = .tooLarge(host: plan.host, part: .headers, limit: plan.limits.headerBytes)
      return false
    }
    headerBytes += bytes.count
    deadlines.arrived(bytes.count, at: .now)
    if isHeadDone { return true }
    var line = bytes[...]
    while let last = line.last, last == 13 || last == 10 { line = line.dropLast() }
    if line.isEmpty {
      var status = 0
      // An interim response (1xx) is followed by the real one; 101 is none we asked for.
      guard bobbin_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK else { return false }
      guard status >= 200 else { return true }
      head.status = status
      isHeadDone = true
      exchange.deliver(head)
    } else if line.starts(with: "HTTP/".utf8) && !line.contains(UInt8(ascii: ":")) {
      head = Exchange.Head()
    } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: line[..<colon], as: UTF8.self)
      var value = line[(colon + 1)...]
      while let first = value.first, first == 32 || first == 9 { value = value.dropFirst() }
      while let last = value.last, last == 32 || last == 9 { value = value.dropLast() }
      head.headers.append(name, String(decoding: value, as: UTF8.self))
    }
    return true
  }

  /// What curl's result means; nil is success.
  func outcome(of code: CURLcode) -> WebError? {
    let host = plan.host
    if let verdict { return verdict }
    switch code {
    case CURLE_OK:
      return nil
    case CURLE_OPERATION_TIMEDOUT:
      return .timeout(
        host: host, waitingFor: !isConnected ? .connection : headerBytes == 0 ? .firstByte : .end)
    case CURLE_COULDNT_RESOLVE_HOST:
      if case .anywhere = plan.dial {
        return .connection(host: host, why: "was not made: the name has no address")
      }
      return .blocked(host: host, mayPass: false)
    case CURLE_COULDNT_CONNECT:
      return .connection(host: host, why: "was not accepted")
    case CURLE_FILESIZE_EXCEEDED:
      return .tooLarge(host: host, part: .body, limit: plan.limits.bodyBytes)
    case CURLE_OUT_OF_MEMORY where isConnected && !isHeadDone:
      // So curl names a single header line beyond its own bound of 100 KiB.
      return .tooLarge(host: host, part: .headers, limit: plan.limits.headerBytes)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
      return .tls(host: host, why: String(cString: curl_easy_strerror(code)))
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE:
      return .connection(host: host, why: "broke before the answer was whole")
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
      // Once connected, the protocol that is not supported is HTTP/0.9: an answer without a status
      // line.
      guard !isConnected else {
        return .protocolError(host: host, why: "does not begin as HTTP does")
      }
      return .badURL(why: "is not http or https")
    default:
      return .protocolError(
        host: host, why: "is not usable (\(String(cString: curl_easy_strerror(code))))")
    }
  }
}
