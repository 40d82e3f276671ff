// Collects payloads into blocks of about 16 KB and compresses each as one zstd frame with its own checksum.
//
// A payload never straddles two blocks, so reading one costs one frame. No dictionary yet: FORMAT.md keeps its number.

import CZstd

/// The payload half of a segment being written.
struct PayloadBuilder {
  private var pending: [UInt8] = []
  private var rawLength = 0
  private var blockStart = 0
  /// Where each payload starts, counted over all uncompressed blocks, and at last where they end.
  private(set) var items: [UInt8] = []
  /// The section `payloadBlocks`; complete after `finish`.
  private(set) var blocks: [UInt8] = []
  /// The frames, one after the other.
  private(set) var packed: [UInt8] = []

  /// Adds the next payload.
  mutating func add(_ payload: [UInt8]) throws(ShardError) {
    guard payload.count <= ShardFormat.maximumPayloadLength else {
      throw .tooLarge(
        what: "a payload of \(payload.count) bytes", limit: ShardFormat.maximumPayloadLength)
    }
    items.append(integer: UInt64(rawLength))
    pending.append(contentsOf: payload)
    rawLength += payload.count
    if pending.count >= ShardFormat.payloadBlockLength { try closeBlock() }
  }

  /// Closes the last block and the tables.
  mutating func finish() throws(ShardError) {
    if !pending.isEmpty { try closeBlock() }
    items.append(integer: UInt64(rawLength))
    blocks.append(integer: UInt64(rawLength))
    blocks.append(integer: UInt64(packed.count))
  }

  private mutating func closeBlock() throws(ShardError) {
    blocks.append(integer: UInt64(blockStart))
    blocks.append(integer: UInt64(packed.count))
    packed.append(contentsOf: try ZstdFrame.compress(pending))
    blockStart = rawLength
    pending.removeAll(keepingCapacity: true)
  }
}
