// One route, said once: the router serves it, /openapi.json prints it, the access tests are made from it.

import HTTPTypes

/// Who may use a route.
enum AccessName: String, CaseIterable, Sendable {
  /// Anybody.
  case any
  /// A visitor's session token.
  case visitor
  /// A visitor's session token or an owner.
  case visitorOrOwner = "visitor or owner"
  /// An owner: access token or API key.
  case owner
  /// An owner by access token only: what a stolen key must not do.
  case user
  /// An operator.
  case admin
  /// A signature over the raw body.
  case signed

  /// The security schemes of OpenAPI that open it.
  var schemes: [String] {
    switch self {
    case .any, .signed: []
    case .visitor: ["visitor"]
    case .visitorOrOwner: ["visitor", "access", "key"]
    case .owner: ["access", "key"]
    case .user, .admin: ["access"]
    }
  }
}

/// What a request carries in its body.
enum RequestBodyShape: Sendable {
  case none
  /// JSON that its handler reads itself, from the very bytes that its sender has signed (`Call.raw`).
  case raw
  case json(Schema)
  case multipart(FormShape)
  /// JSON or a form.
  case jsonOrMultipart(Schema, FormShape)
}

/// What a form has.
struct FormShape: Sendable {
  /// `file` is a file.
  let parts: [Schema.Property]
  var need: Need?

  /// A part that must be there beside one of these values of another part, whose value is a choice.
  struct Need: Sendable {
    let part: String
    let beside: String
    let values: Set<String>
  }

  /// What is wrong with a form's fields; whether its file is there is its reader's matter.
  func problems(in fields: [String: String]) -> [FieldProblem] {
    let problems = parts.flatMap { part in
      fields[part.name].map { part.schema.problems(in: .string($0), at: part.name) } ?? []
    }
    guard problems.isEmpty, let need, let value = fields[need.beside],
      need.values.contains(value), fields[need.part] == nil
    else { return problems }
    return [FieldProblem(field: need.part, code: "required")]
  }
}

/// One way in which a route answers.
struct AnswerShape: Sendable {
  let status: Int
  let description: String
  /// By media type; empty for an answer without a body.
  let content: [String: Schema?]

  static func json(_ status: Int = 200, _ schema: Schema, _ description: String = "")
    -> AnswerShape
  {
    AnswerShape(status: status, description: description, content: ["application/json": schema])
  }
  static func empty(_ status: Int = 204, _ description: String = "") -> AnswerShape {
    AnswerShape(status: status, description: description, content: [:])
  }
  static func media(_ types: [String], _ status: Int = 200, _ description: String = "")
    -> AnswerShape
  {
    AnswerShape(
      status: status, description: description,
      content: Dictionary(types.map { ($0, nil) }, uniquingKeysWith: { $1 }))
  }
}

/// A limit on a route, counted for each address.
struct RouteLimit: Sendable {
  let count: Int
  /// Milliseconds.
  let period: Int

  static func hourly(_ count: Int) -> RouteLimit { RouteLimit(count: count, period: 3_600_000) }
  static func minutely(_ count: Int) -> RouteLimit { RouteLimit(count: count, period: 60_000) }
}

/// One route.
struct Route: Sendable {
  let method: HTTPRequest.Method
  /// With a leading and, for the API, a trailing slash: `/api/chatbots/{chatbot_id}/`.
  let path: String
  let summary: String
  var query: [Schema.Property] = []
  var body = RequestBodyShape.none
  var answers: [AnswerShape]
  /// Refusals of its own, beside those that every route may give.
  var problems: [ProblemCode] = []
  /// For each address.
  var addressLimit: RouteLimit?
  /// For each account.
  var ownerLimit: RouteLimit?
  /// Bytes of a JSON body.
  var bodyLimit = 64 << 10
  /// Whether an `Idempotency-Key` is heeded: it creates, spends or sends.
  var isIdempotent = false
  /// Whether it is carried out on its connection's own thread: for what is asked most, and never computes or waits there.
  var staysOnLoop = false
  /// Set when it is added.
  fileprivate(set) var access = AccessName.any

  init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String,
    query: [Schema.Property] = [], body: RequestBodyShape = .none, answers: [AnswerShape],
    problems: [ProblemCode] = [], addressLimit: RouteLimit? = nil, ownerLimit: RouteLimit? = nil,
    bodyLimit: Int = 64 << 10, isIdempotent: Bool = false
  ) {
    self.method = method
    self.path = path
    self.summary = summary
    self.query = query
    self.body = body
    self.answers = answers
    self.problems = problems
    self.addressLimit = addressLimit
    self.ownerLimit = ownerLimit
    self.bodyLimit = bodyLimit
    self.isIdempotent = isIdempotent
  }

  func with(_ access: AccessName) -> Route {
    var route = self
    route.access = access
    return route
  }

  /// The names in braces, in order.
  var pathParameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
      String($0.dropFirst().dropLast())
    }
  }

  /// As the router spells it: `api/chatbots/:chatbot_id`.
  var pattern: String {
    path.split(separator: "/").map { part in
      part.hasPrefix("{") ? ":\(part.dropFirst().dropLast())" : String(part)
    }.joined(separator: "/")
  }

  /// A name for logs, metrics and limits: `POST /api/auth/login`.
  var name: String { "\(method.rawValue) \(path)" }
}
