// One request as a handler sees it: who asks has been settled, limits are counted, the body is read and checked.

import Billing
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Spool
import Storage

/// A request that may be answered.
struct Call: Sendable {
  let request: Request
  let context: AppRequestContext
  /// Members of the JSON body; empty without one.
  let input: Input
  /// Milliseconds since 1970 UTC.
  let now: Int
  /// The body as it came, of a route that takes it so; else empty.
  var raw: [UInt8] = []
  /// What its caller calls the request, for a handler that keeps its answer itself.
  var name: NamedRequest?

  /// A path parameter that names a row; one that cannot be a name is one that is not there.
  func id(_ name: String) throws(AppError) -> String {
    guard let text = context.parameters.get(name), StringFormat.identifier.holds(text) else {
      throw .notFound
    }
    return text
  }

  /// A path parameter as it is.
  func parameter(_ name: String) throws(AppError) -> String {
    guard let text = context.parameters.get(name) else { throw .notFound }
    return text
  }

  /// A query parameter; nil when it is absent or empty.
  ///
  /// A plus sign is a blank, as forms and browsers write one (WHATWG URL, application/x-www-form-urlencoded).
  func query(_ name: String) -> String? {
    let blanks = (request.uri.query ?? "").replacing("+", with: "%20")
    return URI("/?" + blanks).queryParameters[name[...]].flatMap { $0.isEmpty ? nil : String($0) }
  }

  /// A whole number as JSON would have it; nil for what is none.
  static func whole(_ text: some StringProtocol) -> Int? { text.hasPrefix("+") ? nil : Int(text) }

  /// Where a page of a list begins.
  ///
  /// - Throws: 422 for a limit out of range, 400 for a cursor that was not ours.
  func page() throws(AppError) -> PageRequest {
    var limit = 25
    if let text = query("limit") {
      guard let number = Self.whole(text), (1...100).contains(number) else {
        throw .invalid("limit", "format")
      }
      limit = number
    }
    guard let text = query("cursor") else { return PageRequest(limit: limit) }
    guard let cursor = Cursor(text) else { throw .malformed("The cursor is not one of ours.") }
    return PageRequest(createdAt: cursor.createdAt, id: cursor.id, limit: limit)
  }
}

/// Where the next page of a list begins: opaque to clients.
struct Cursor {
  let createdAt: Int
  let id: String

  init(createdAt: Int, id: String) {
    self.createdAt = createdAt
    self.id = id
  }

  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count <= 12, parts[0].allSatisfy({ !$0.isUppercase }),
      let time = Int(parts[0], radix: 36), time >= 0, !parts[0].hasPrefix("+"),
      StringFormat.identifier.holds(String(parts[1]))
    else { return nil }
    createdAt = time
    id = String(parts[1])
  }

  var text: String { "\(String(createdAt, radix: 36))-\(id)" }
}

/// A page of a list.
struct Listing<Item: Encodable>: Encodable {
  let items: [Item]
  let next_cursor: String?

  /// - Parameter cursor: of the last row; there may be more when the page is full.
  init(_ items: [Item], _ page: PageRequest, cursor: Cursor?) {
    self.items = items
    next_cursor = items.count == page.limit ? cursor?.text : nil
  }

  /// - Parameter next: where the next page begins, for a page some of whose rows were left out.
  init(_ items: [Item], next: Cursor?) {
    self.items = items
    next_cursor = next?.text
  }

  enum CodingKeys: String, CodingKey { case items, next_cursor }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(items, forKey: .items)
    // Present and null: a client need not tell absent from null.
    try container.encode(next_cursor, forKey: .next_cursor)
  }
}

/// The members of a JSON body that has been checked against its schema.
struct Input: Sendable {
  let members: [String: JSONValue]

  init(_ members: [String: JSONValue] = [:]) { self.members = members }

  /// A text; nil when absent or null.
  func text(_ name: String) -> String? {
    if case .string(let text)? = members[name] { text } else { nil }
  }

  func flag(_ name: String) -> Bool? {
    if case .bool(let flag)? = members[name] { flag } else { nil }
  }

  func whole(_ name: String) -> Int? {
    if case .integer(let number)? = members[name] { number } else { nil }
  }

  func texts(_ name: String) -> [String]? {
    guard case .array(let values)? = members[name] else { return nil }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  func object(_ name: String) -> Input? {
    if case .object(let members)? = members[name] { Input(members) } else { nil }
  }

  /// Whether the member is there, be it null.
  func has(_ name: String) -> Bool { members[name] != nil }
}

/// Times as the API has them: RFC 3339, UTC, milliseconds.
enum APITime {
  /// The beginning of a day, UTC, as milliseconds since 1970; nil for what is none.
  static func day(_ text: String) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2],
      text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 45 }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    return (UsagePeriod.day(year: year, month: month) + day - 1) * 86_400_000
  }

  static func text(_ milliseconds: Int) -> String {
    let seconds = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
    let date = Date(timeIntervalSince1970: Double(seconds))
    let whole = date.formatted(.iso8601)
    let fraction = milliseconds - seconds * 1000
    let digits = String(fraction + 1000).dropFirst()
    return "\(whole.dropLast()).\(digits)Z"
  }
}

/// Answers.
enum Answer {
  static func json(
    _ value: some Encodable, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var all = headers
    all[.contentType] = "application/json"
    all[.cacheControl] = "no-store"
    return Response(
      status: status, headers: all,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONText.encode(value))))
  }

  static let empty = Response(status: .noContent, headers: [.cacheControl: "no-store"])
}
