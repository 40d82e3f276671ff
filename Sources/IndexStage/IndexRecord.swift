// The two kinds of record that stand in spool/index.

package import Corpus

/// A record of spool/index.
package enum IndexRecord: Codable, Sendable {
  case chunk(EmbeddedChunk)
  case order(IndexOrder)

  package init(from decoder: any Decoder) throws {
    if let chunk = try? EmbeddedChunk(from: decoder) {
      self = .chunk(chunk)
    } else {
      self = .order(try IndexOrder(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .chunk(let chunk): try chunk.encode(to: encoder)
    case .order(let order): try order.encode(to: encoder)
    }
  }
}
