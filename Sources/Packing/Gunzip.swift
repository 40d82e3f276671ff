// A sitemap that lies compressed on its server: gzip in, at most so many bytes out. (A response that is compressed on its way is
// curl's to unpack.)

internal import CZlib

/// Why gzip data was not unpacked.
package enum GunzipFailure: Error {
  /// More bytes come out than the limit allows.
  case tooLarge
  /// It breaks off or is no gzip.
  case broken
}

/// Unpacks gzip.
package enum Gunzip {
  /// Whether bytes begin as gzip does (RFC 1952 section 2.3.1).
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// What came out until the end or the fault, with the fault.
  ///
  /// - Complexity: linear in what comes out, at most `limit`.
  package static func unpack(_ bytes: [UInt8], limit: Int) -> (
    bytes: [UInt8], failure: GunzipFailure?
  ) {
    var stream = z_stream()
    guard bobbin_inflate_gzip_init(&stream) == Z_OK else { return ([], .broken) }
    defer { inflateEnd(&stream) }
    var out: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    var input = bytes
    let failure: GunzipFailure? = input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(clamping: source.count)
      while true {
        var code = Z_OK
        let made = piece.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          code = inflate(&stream, Z_NO_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        out += piece.prefix(made)
        if out.count > limit { return .tooLarge }
        switch code {
        case Z_STREAM_END: return nil
        case Z_OK where made > 0 || stream.avail_in > 0: continue
        default: return .broken
        }
      }
    }
    if out.count > limit { out.removeLast(out.count - limit) }
    return (out, failure)
  }
}
