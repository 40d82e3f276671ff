// What a JSON value looks like, said once: requests are checked against it, and /openapi.json prints it. The words are
// those of JSON Schema 2020-12.

/// The shape of a JSON value.
indirect enum Schema: Sendable {
  /// Length in Unicode scalars.
  case string(ClosedRange<Int>, StringFormat? = nil)
  case choice([String])
  case integer(ClosedRange<Int>)
  case number
  /// A number from 0 to 1.
  case share
  case boolean
  case array(Schema, ClosedRange<Int>)
  /// No other members than these.
  case object([Property])
  /// Any members, all of one shape.
  case map(Schema)
  case nullable(Schema)
  /// A named shape, `Components`.
  case component(String)
  /// One of several objects.
  case either([Schema])

  /// A member of an object.
  struct Property: Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool
  }

  /// Any text that a person could mean.
  static let text = Schema.string(0...10_000)
  static let id = Schema.string(1...32, .identifier)
  /// RFC 3339.
  static let time = Schema.string(20...30, .time)
  /// As high as every reader of JSON keeps a whole number exactly (RFC 8259 section 6).
  static let count = Schema.integer(0...1 << 53 - 1)
}

/// A member that must be there.
func required(_ name: String, _ schema: Schema) -> Schema.Property {
  Schema.Property(name: name, schema: schema, isRequired: true)
}

/// A member that may be left out.
func optional(_ name: String, _ schema: Schema) -> Schema.Property {
  Schema.Property(name: name, schema: schema, isRequired: false)
}

/// What a string must be, beyond its length.
enum StringFormat: Sendable {
  /// One @ between a local part and a domain, no spaces.
  case email
  /// An absolute http or https URL.
  case webURL
  case identifier
  case slug
  case uuid
  case time
  /// A day, `2026-11-26`.
  case day
  /// At least one character that is not white space, and no control characters.
  case oneLine
  /// At least one character that is not white space.
  case filled
  /// Letters, digits, `-` and `_`.
  case token
  /// Where a page of a list begins.
  case cursor

  /// The pattern by which JSON Schema says it.
  var pattern: String? {
    switch self {
    case .email:
      #"^[^\s@\u0000-\u001f\u007f-\u009f]+@[^\s@\u0000-\u001f\u007f-\u009f]+\.[^\s@\u0000-\u001f\u007f-\u009f]+$"#
    case .webURL: #"^https?://[^\s\u0000-\u001f\u007f-\u009f]+$"#
    case .identifier: "^[a-z0-9]{1,32}$"
    case .slug: "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
    case .uuid: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
    case .time: nil
    case .day: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
    case .oneLine:
      #"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f]"#
        + #"[^\u0000-\u001f\u007f-\u009f]*$"#
    case .filled: #"\S"#
    case .token: "^[A-Za-z0-9_-]+$"
    case .cursor: "^[0-9a-z]{1,12}-[0-9a-z]{1,32}$"
    }
  }

  /// The word of JSON Schema's format vocabulary.
  var format: String? {
    switch self {
    case .uuid: "uuid"
    case .time: "date-time"
    // For addresses the pattern says what is accepted; the vocabulary's words mean something narrower.
    case .email, .webURL, .identifier, .slug, .day, .oneLine, .filled, .token, .cursor: nil
    }
  }

  /// Whether text follows it.
  func holds(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
    // What `\s` of a pattern is: Unicode's white space, and the mark that begins a text.
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || scalar.value == 0xFEFF
    }
    switch self {
    case .email:
      // By scalars, as patterns are: a dot with a combining mark is one character and still a dot.
      let parts = scalars.split(separator: "@", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty,
        !scalars.contains(where: { isControl($0) || isSpace($0) })
      else { return false }
      return parts[1].dropFirst().dropLast().contains(".")
    case .webURL:
      return (text.utf8.starts(with: "https://".utf8) || text.utf8.starts(with: "http://".utf8))
        && !scalars.contains(where: { isControl($0) || isSpace($0) })
    case .identifier:
      return (1...32).contains(text.utf8.count)
        && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
    case .slug:
      return (1...64).contains(text.utf8.count) && text.utf8.first != 45 && text.utf8.last != 45
        && text.utf8.allSatisfy {
          (97...122).contains($0) || (48...57).contains($0) || $0 == 45
        }
    case .uuid:
      let groups = text.split(separator: "-", omittingEmptySubsequences: false)
      return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
        && text.utf8.allSatisfy {
          (48...57).contains($0) || (97...102).contains($0) || $0 == 45
        }
    case .time: return true
    case .day: return APITime.day(text) != nil
    case .cursor: return Cursor(text) != nil
    case .oneLine:
      return !scalars.contains(where: isControl)
        && scalars.contains { !isSpace($0) }
    case .filled: return scalars.contains { !isSpace($0) }
    case .token:
      return !text.isEmpty
        && text.utf8.allSatisfy {
          (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
            || $0 == 95
        }
    }
  }
}

/// One member of a request that is not as it must be.
struct FieldProblem: Encodable, Hashable, Sendable {
  let field: String
  /// required, unknown, type, too-short, too-long, too-small, too-large, not-offered or format.
  let code: String
}

extension Schema {
  /// What is wrong with a value; empty when nothing is.
  func problems(in value: JSONValue, at field: String = "") -> [FieldProblem] {
    func problem(_ code: String) -> [FieldProblem] { [FieldProblem(field: field, code: code)] }
    switch (self, value) {
    case (.nullable, .null): return []
    case (.nullable(let inner), _): return inner.problems(in: value, at: field)
    case (.component(let name), _):
      return Components.schema(name)?.problems(in: value, at: field) ?? problem("type")
    case (.either(let shapes), _):
      let all = shapes.map { $0.problems(in: value, at: field) }
      // The shape that fits best is the one that was meant.
      return all.min { $0.count < $1.count } ?? []
    case (.string(let length, let format), .string(let text)):
      let count = text.unicodeScalars.count
      if count < length.lowerBound { return problem("too-short") }
      if count > length.upperBound { return problem("too-long") }
      // The sign that ends a text for the database. Said in no pattern: one on every text would say nothing else.
      if text.utf8.contains(0) { return problem("format") }
      return format.map { $0.holds(text) } == false ? problem("format") : []
    case (.choice(let names), .string(let text)):
      return names.contains(text) ? [] : problem("not-offered")
    case (.integer(let range), .integer(let number)):
      if number < range.lowerBound { return problem("too-small") }
      return number > range.upperBound ? problem("too-large") : []
    case (.number, .integer), (.number, .number), (.boolean, .bool): return []
    case (.share, .integer), (.share, .number):
      guard let number = value.double else { return problem("type") }
      return number < 0 ? problem("too-small") : number > 1 ? problem("too-large") : []
    case (.array(let element, let count), .array(let values)):
      if values.count < count.lowerBound { return problem("too-short") }
      if values.count > count.upperBound { return problem("too-long") }
      var problems: [FieldProblem] = []
      for (index, value) in values.enumerated() where problems.count < 20 {
        problems += element.problems(in: value, at: "\(field)[\(index)]")
      }
      return problems
    case (.map(let element), .object(let members)):
      return members.sorted { $0.key < $1.key }
        .flatMap { element.problems(in: $0.value, at: Self.path(field, $0.key)) }
    case (.object(let properties), .object(let members)):
      return Self.problems(of: members, properties, at: field)
    default: return problem("type")
    }
  }

  private static func path(_ field: String, _ name: String) -> String {
    field.isEmpty ? name : "\(field).\(name)"
  }

  private static func problems(
    of members: [String: JSONValue], _ properties: [Property], at field: String
  ) -> [FieldProblem] {
    var problems: [FieldProblem] = []
    for property in properties {
      let path = path(field, property.name)
      if let value = members[property.name] {
        problems += property.schema.problems(in: value, at: path)
      } else if property.isRequired {
        problems.append(FieldProblem(field: path, code: "required"))
      }
    }
    let known = Set(properties.map(\.name))
    // Enough to see what is wrong; who sends a million unknown members gets no list of them.
    for name in members.keys.lazy.filter({ !known.contains($0) }).prefix(20) {
      // The name is the caller's text: only what could be a member's name is said back.
      let said = StringFormat.token.holds(name) && name.utf8.count <= 64 ? name : "?"
      problems.append(FieldProblem(field: path(field, said), code: "unknown"))
    }
    return problems
  }

  /// The schema as JSON Schema.
  var json: JSONValue {
    switch self {
    case .string(let length, let format):
      var members: [String: JSONValue] = ["type": .string("string")]
      if length.lowerBound > 0 { members["minLength"] = .integer(length.lowerBound) }
      if length.upperBound < Int.max { members["maxLength"] = .integer(length.upperBound) }
      if let pattern = format?.pattern { members["pattern"] = .string(pattern) }
      if let format = format?.format { members["format"] = .string(format) }
      return .object(members)
    case .choice(let names):
      return .object(["type": .string("string"), "enum": .array(names.map { .string($0) })])
    case .integer(let range):
      return .object([
        "type": .string("integer"), "minimum": .integer(range.lowerBound),
        "maximum": .integer(range.upperBound),
      ])
    case .number: return .object(["type": .string("number")])
    case .share:
      return .object([
        "type": .string("number"), "minimum": .integer(0), "maximum": .integer(1),
      ])
    case .boolean: return .object(["type": .string("boolean")])
    case .array(let element, let count):
      return .object([
        "type": .string("array"), "items": element.json, "minItems": .integer(count.lowerBound),
        "maxItems": .integer(count.upperBound),
      ])
    case .object(let properties):
      return .object([
        "type": .string("object"),
        "properties": .object(
          Dictionary(properties.map { ($0.name, $0.schema.json) }, uniquingKeysWith: { $1 })),
        "required": .array(properties.filter(\.isRequired).map { .string($0.name) }),
        "additionalProperties": .bool(false),
      ])
    case .map(let element):
      return .object(["type": .string("object"), "additionalProperties": element.json])
    case .nullable(let inner):
      return .object(["anyOf": .array([inner.json, .object(["type": .string("null")])])])
    case .component(let name):
      return .object(["$ref": .string("#/components/schemas/\(name)")])
    case .either(let shapes): return .object(["oneOf": .array(shapes.map(\.json))])
    }
  }
}
