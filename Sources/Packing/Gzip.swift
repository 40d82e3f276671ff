// Files packed for browsers that do not read zstd: Safari, and any browser where the connection is not safe.

internal import CZlib

/// Packs gzip (RFC 1952).
package enum Gzip {
  /// The whole of `bytes` in one member; nil when zlib has no memory.
  package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    guard bobbin_deflate_gzip_init(&stream) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    var out = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    var input = bytes
    let count = input.withUnsafeMutableBufferPointer { source in
      out.withUnsafeMutableBufferPointer { target -> Int? in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(clamping: source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(clamping: target.count)
        guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return target.count - Int(stream.avail_out)
      }
    }
    return count.map { Array(out.prefix($0)) }
  }
}
