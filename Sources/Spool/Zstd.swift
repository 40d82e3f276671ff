// Zstandard frames with content checksum and a size limit. One frame an item; the level is fixed, because the same bytes
// must give the same file.

import CZstd
import Glibc

/// Compression of items.
package enum Zstd {
  /// One frame with content size and checksum.
  package static func compress(_ bytes: [UInt8]) throws(SpoolError) -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { throw .system("ZSTD_createCCtx", "", ENOMEM) }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
    guard ZSTD_isError(count) == 0 else { throw .system("ZSTD_compress2", "", ENOMEM) }
    output.removeLast(output.count - count)
    return output
  }

  /// The content of one whole frame of at most `limit` bytes.
  ///
  /// - Throws: `SpoolError.damaged` for a bad frame or checksum, `SpoolError.tooLarge` above the limit.
  package static func decompress(
    _ frame: [UInt8], limit: Int, name: String
  ) throws(SpoolError) -> [UInt8] {
    let size = ZSTD_getFrameContentSize(frame, frame.count)
    // ZSTD_CONTENTSIZE_UNKNOWN and _ERROR are the two largest values.
    guard size < UInt64.max - 1 else {
      throw .damaged(item: name, what: "it is not a zstd frame with a content size")
    }
    guard size <= UInt64(limit) else { throw .tooLarge(path: name, limit: limit) }
    var output = [UInt8](repeating: 0, count: Int(size))
    let count = ZSTD_decompress(&output, output.count, frame, frame.count)
    guard ZSTD_isError(count) == 0, count == output.count else {
      let reason =
        ZSTD_isError(count) != 0 ? String(cString: ZSTD_getErrorName(count)) : "cut short"
      throw .damaged(item: name, what: "zstd says \(reason)")
    }
    return output
  }
}
