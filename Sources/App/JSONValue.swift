// JSON of any shape, for records that are shown and not understood.

/// Any JSON value; numbers without a fraction stay whole.
package enum JSONValue: Codable, Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// A number, whole or not; nil for anything else.
  package var double: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// The same with strings cut to `limit` characters; the mark at the cut says how many are left out.
  package func cut(to limit: Int) -> JSONValue {
    switch self {
    case .string(let text):
      // Counting characters of megabytes is slow: bytes tell most strings apart.
      guard text.utf8.count > limit, text.count > limit else { return self }
      return .string("\(text.prefix(limit))… (\(text.count - limit) more)")
    case .array(let values): return .array(values.map { $0.cut(to: limit) })
    case .object(let fields): return .object(fields.mapValues { $0.cut(to: limit) })
    case .null, .bool, .integer, .number: return self
    }
  }
}
