// How the messages of a CRM that does not speak our shape are read: a file that says where in them each of our members stands, by
// JSON Pointers (RFC 6901).

import FoundationEssentials
import Spool

/// A mapping, read once at start.
struct ContactMapping: Sendable, Hashable {
  /// Where the kind of a message stands, and which of ours each kind is; a kind that is not named is none of ours.
  let type: JSONPointer
  let types: [String: String]
  let externalID: JSONPointer
  let email, name, phone: JSONPointer?
  let fields: [String: JSONPointer]

  /// Reads a file.
  ///
  /// - Throws: `ConfigurationError.badFile` saying what in it is wrong.
  init(path: String) throws {
    func refuse(_ why: String) -> ConfigurationError {
      .badFile(name: "BOBBIN_CRM_MAPPING", path: path, why: why)
    }
    let bytes: [UInt8]
    do {
      bytes = try DurableFile.read(path, limit: 64 << 10)
    } catch {
      throw refuse("cannot be read (\(error))")
    }
    guard case .object(let members)? = try? StrictJSON.parse(bytes) else {
      throw refuse("is no JSON object")
    }
    func pointer(_ name: String, _ value: JSONValue?) throws -> JSONPointer? {
      guard let value else { return nil }
      guard case .string(let text) = value, let pointer = JSONPointer(text) else {
        throw refuse("has no JSON Pointer for \(name)")
      }
      return pointer
    }
    let known = ["type", "types", "external_id", "email", "name", "phone", "fields"]
    if let other = members.keys.sorted().first(where: { !known.contains($0) }) {
      throw refuse("has a member \(other) that means nothing")
    }
    guard let type = try pointer("type", members["type"]),
      let externalID = try pointer("external_id", members["external_id"])
    else { throw refuse("names neither type nor external_id") }
    guard case .object(let kinds)? = members["types"], !kinds.isEmpty else {
      throw refuse("has no types")
    }
    self.type = type
    self.externalID = externalID
    types = try kinds.mapValues { value in
      guard case .string(let text) = value, ["contact.upserted", "contact.deleted"].contains(text)
      else { throw refuse("has a type that is neither contact.upserted nor contact.deleted") }
      return text
    }
    email = try pointer("email", members["email"])
    name = try pointer("name", members["name"])
    phone = try pointer("phone", members["phone"])
    var fields: [String: JSONPointer] = [:]
    if case .object(let named)? = members["fields"] {
      for (name, value) in named { fields[name] = try pointer("fields.\(name)", value) }
    }
    self.fields = fields
  }

  /// A message in our shape; nil for one that is not for us.
  func mapped(_ message: JSONValue) -> JSONValue? {
    guard case .string(let kind)? = type.value(in: message), let ours = types[kind] else {
      return nil
    }
    var data: [String: JSONValue] = [:]
    data["external_id"] = externalID.text(in: message).map { .string($0) }
    guard ours == "contact.upserted" else {
      return .object(["type": .string(ours), "data": .object(data)])
    }
    for (name, pointer) in [("email", email), ("name", name), ("phone", phone)] {
      if let text = pointer?.text(in: message) { data[name] = .string(text) }
    }
    let found = fields.compactMapValues { pointer in
      pointer.text(in: message).map { JSONValue.string($0) }
    }
    if !found.isEmpty { data["fields"] = .object(found) }
    return .object(["type": .string(ours), "data": .object(data)])
  }
}

/// A place in a JSON text (RFC 6901).
struct JSONPointer: Sendable, Hashable {
  private let tokens: [String]

  /// Nil for a text that is no pointer.
  init?(_ text: String) {
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    var tokens: [String] = []
    for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      var token = ""
      var rest = part[...]
      while let first = rest.popFirst() {
        guard first == "~" else {
          token.append(first)
          continue
        }
        switch rest.popFirst() {
        case "0": token.append("~")
        case "1": token.append("/")
        default: return nil
        }
      }
      tokens.append(token)
    }
    self.tokens = tokens
  }

  /// The value there; nil when nothing is.
  func value(in root: JSONValue) -> JSONValue? {
    var value = root
    for token in tokens {
      switch value {
      case .object(let members):
        guard let next = members[token] else { return nil }
        value = next
      case .array(let values):
        // No sign and no leading zero: "01" is no index.
        guard let index = Int(token), String(index) == token, values.indices.contains(index) else {
          return nil
        }
        value = values[index]
      default: return nil
      }
    }
    return value
  }

  /// The value there as text; numbers and flags as JSON writes them, nil for anything else.
  func text(in root: JSONValue) -> String? {
    switch value(in: root) {
    case .string(let text)?: text.isEmpty ? nil : text
    case .integer(let number)?: String(number)
    case .number(let number)?: String(number)
    case .bool(let flag)?: String(flag)
    default: nil
    }
  }
}
