// /openapi.json out of the routes: what is served is what is described, because both come from one table.

import HTTPTypes

/// Makes the document.
enum OpenAPIDocument {
  /// - Parameter server: the base URL that clients use; nil leaves it to them.
  static func json(_ routes: [Route], server: String?) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    for route in routes {
      paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route)
    }
    var document: [String: JSONValue] = [
      "openapi": .string("3.1.0"),
      "info": .object([
        "title": .string("Bobbin"), "version": .string("1"),
        "description": .string(
          "Chatbots from your own documents. Errors are RFC 9457 problem documents."),
      ]),
      "paths": .object(paths.mapValues { .object($0) }),
      "components": .object([
        "schemas": .object(
          Dictionary(
            Components.all.map { ($0.name, $0.schema.json) }, uniquingKeysWith: { $1 })),
        "securitySchemes": .object([
          "access": bearer("An owner's access token, 15 minutes."),
          "key": bearer("An owner's API key, bk_…"),
          "visitor": bearer("A visitor's session token, 10 minutes, for one chatbot."),
        ]),
      ]),
    ]
    if let server { document["servers"] = .array([.object(["url": .string(server)])]) }
    return .object(document)
  }

  private static func bearer(_ description: String) -> JSONValue {
    .object([
      "type": .string("http"), "scheme": .string("bearer"), "description": .string(description),
    ])
  }

  private static func operation(_ route: Route) -> JSONValue {
    var members: [String: JSONValue] = [
      "summary": .string(route.summary),
      "operationId": .string(operationID(route)),
      "x-access": .string(route.access.rawValue),
      "responses": .object(responses(route)),
    ]
    let parameters =
      route.pathParameters.map(pathParameter) + route.query.map(queryParameter)
      + (route.isIdempotent ? [idempotencyKey] : [])
    if !parameters.isEmpty { members["parameters"] = .array(parameters) }
    if !route.access.schemes.isEmpty {
      members["security"] = .array(route.access.schemes.map { .object([$0: .array([])]) })
    }
    if let body = requestBody(route.body) { members["requestBody"] = body }
    return .object(members)
  }

  /// `POST /api/auth/login` → `post_api_auth_login`.
  private static func operationID(_ route: Route) -> String {
    ([route.method.rawValue.lowercased()]
      + route.path.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
      .joined(separator: "_")
  }

  private static func pathParameter(_ name: String) -> JSONValue {
    let schema: Schema =
      switch name {
      case "slug": .string(1...64, .slug)
      case "code", "name": .string(1...64)
      case "chatbot_id": .string(1...64, .slug)
      default: .id
      }
    return .object([
      "name": .string(name), "in": .string("path"), "required": .bool(true),
      "schema": schema.json,
    ])
  }

  private static func queryParameter(_ property: Schema.Property) -> JSONValue {
    .object([
      "name": .string(property.name), "in": .string("query"),
      "required": .bool(property.isRequired), "schema": property.schema.json,
    ])
  }

  private static let idempotencyKey = JSONValue.object([
    "name": .string("Idempotency-Key"), "in": .string("header"), "required": .bool(false),
    "schema": Schema.string(1...64, .token).json,
  ])

  private static func requestBody(_ body: RequestBodyShape) -> JSONValue? {
    func form(_ form: FormShape) -> JSONValue {
      var properties: [String: JSONValue] = [:]
      for part in form.parts {
        properties[part.name] =
          part.name == "file"
          ? .object([
            "type": .string("string"), "contentMediaType": .string("application/octet-stream"),
            "minLength": .integer(1),
          ])
          : part.schema.json
      }
      var schema: [String: JSONValue] = [
        "type": .string("object"), "properties": .object(properties),
        "required": .array(form.parts.filter(\.isRequired).map { .string($0.name) }),
        "additionalProperties": .bool(false),
      ]
      if let need = form.need {
        schema["anyOf"] = .array([
          .object(["required": .array([.string(need.part)])]),
          .object([
            "properties": .object([
              need.beside: .object([
                "not": .object(["enum": .array(need.values.sorted().map { .string($0) })])
              ])
            ])
          ]),
        ])
      }
      return .object(["schema": .object(schema)])
    }
    let content: [String: JSONValue]
    switch body {
    case .none: return nil
    case .raw: content = ["application/json": .object([:])]
    case .json(let schema): content = ["application/json": .object(["schema": schema.json])]
    case .multipart(let parts): content = ["multipart/form-data": form(parts)]
    case .jsonOrMultipart(let schema, let parts):
      content = [
        "application/json": .object(["schema": schema.json]), "multipart/form-data": form(parts),
      ]
    }
    return .object(["required": .bool(true), "content": .object(content)])
  }

  private static func responses(_ route: Route) -> [String: JSONValue] {
    var responses: [String: JSONValue] = [:]
    for answer in route.answers {
      var members: [String: JSONValue] = [
        "description": .string(answer.description.isEmpty ? "Done." : answer.description)
      ]
      if !answer.content.isEmpty {
        members["content"] = .object(
          answer.content.mapValues { schema in
            .object(schema.map { ["schema": $0.json] } ?? [:])
          })
      }
      responses["\(answer.status)"] = .object(members)
    }
    for status in problemStatuses(route) where responses["\(status)"] == nil {
      responses["\(status)"] = .object([
        "description": .string("A problem."),
        "content": .object([
          "application/problem+json": .object([
            "schema": Schema.component("Problem").json
          ])
        ]),
      ])
    }
    return responses
  }

  /// Statuses of refusals: those every route may give, and its own.
  static func problemStatuses(_ route: Route) -> [Int] {
    var statuses: Set<Int> = [400, 414, 429, 500, 503]
    if route.access != .any { statuses.formUnion([401, 403]) }
    if !route.pathParameters.isEmpty { statuses.insert(404) }
    switch route.body {
    case .none: break
    case .raw: statuses.insert(413)
    default: statuses.formUnion([413, 415, 422])
    }
    if !route.query.isEmpty { statuses.insert(422) }
    if route.isIdempotent { statuses.formUnion([409, 422]) }
    for problem in route.problems { statuses.insert(problem.parts.status.code) }
    return statuses.sorted()
  }
}
