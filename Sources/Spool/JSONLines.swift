// One JSON value a line, in a form that is the same for the same value: keys sorted, slashes plain. Used for items, and by
// the stages' filter mode.

import FoundationEssentials
import Glibc

/// JSON Lines, and the whole content of an item.
package enum JSONLines {
  /// Most uncompressed bytes an item may have.
  package static let itemLimit = 64 << 20

  /// One line without its line feed.
  package static func encode(_ value: some Encodable) throws -> [UInt8] {
    Array(try encoder().encode(value))
  }

  /// Lines without their line feeds, by one encoder: making one costs more than a small record does.
  package static func encode(_ values: [some Encodable]) throws -> [[UInt8]] {
    let encoder = encoder()
    return try values.map { Array(try encoder.encode($0)) }
  }

  private static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  /// Decodes lines by one decoder.
  ///
  /// - Throws: `BadLine` with the number of the first line that does not decode, from 0.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, lines: [ArraySlice<UInt8>]
  ) throws -> [Value] {
    let decoder = JSONDecoder()
    return try lines.enumerated().map { number, line in
      do {
        return try decoder.decode(type, from: Data(line))
      } catch {
        throw BadLine(number: number)
      }
    }
  }

  /// A line that is no record.
  package struct BadLine: Error {
    package let number: Int
  }

  /// Decodes one line.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from line: some Sequence<UInt8>
  ) throws -> Value {
    try JSONDecoder().decode(type, from: Data(line))
  }

  /// The lines of `bytes`, without line feeds and without empty ones.
  package static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      // man 3 memchr: many times the speed of a loop over the bytes.
      let length = bytes[start...].withUnsafeBytes { rest -> Int in
        guard let base = rest.baseAddress, let feed = memchr(base, 10, rest.count) else {
          return rest.count
        }
        return UnsafeRawPointer(feed) - base
      }
      if length > 0 { lines.append(bytes[start..<(start + length)]) }
      start += length + 1
    }
    return lines
  }
}

/// An item's content: its envelope and its records, still as lines.
package struct ItemContent: Sendable {
  package let envelope: Envelope
  package let records: [ArraySlice<UInt8>]

  /// Joins an envelope and encoded records to an item's uncompressed bytes.
  package static func encode(
    _ envelope: Envelope, records: [[UInt8]]
  ) throws -> [UInt8] {
    var envelope = envelope
    envelope.recordCount = records.count
    var bytes = try JSONLines.encode(envelope)
    bytes.append(10)
    for record in records {
      bytes.append(contentsOf: record)
      bytes.append(10)
    }
    return bytes
  }

  /// Reads the content of a compressed item and checks it against its id.
  ///
  /// - Throws: `SpoolError.damaged` when frame, checksum, id, envelope or line count do not fit.
  package init(frame: [UInt8], name: ItemName) throws(SpoolError) {
    let bytes = try Zstd.decompress(frame, limit: JSONLines.itemLimit, name: name.id)
    guard SpoolDirectory.id(of: bytes) == name.id else {
      throw .damaged(item: name.id, what: "its content has another digest than its name")
    }
    let lines = JSONLines.lines(of: bytes)
    guard let first = lines.first, let envelope = try? JSONLines.decode(Envelope.self, from: first)
    else { throw .damaged(item: name.id, what: "its first line is no envelope") }
    guard envelope.recordCount == lines.count - 1, envelope.lane == name.lane else {
      throw .damaged(item: name.id, what: "its envelope does not fit its name or its lines")
    }
    self.envelope = envelope
    records = Array(lines.dropFirst())
  }
}
