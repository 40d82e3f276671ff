// The one place where routes meet the router. Deny by default: a handler is added with an access or not at all, and what
// happens before a handler runs is the same for every route and in this order: who asks, limits, body, repeated request.

import Billing
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage

/// Collects the routes of the server.
struct RouteTable {
  let router: Router<AppRequestContext>
  let database: AppDatabase
  /// Milliseconds since 1970 UTC.
  let clock: @Sendable () -> Int
  private(set) var routes: [Route] = []

  init(
    router: Router<AppRequestContext>, database: AppDatabase, clock: @escaping @Sendable () -> Int
  ) {
    self.router = router
    self.database = database
    self.clock = clock
  }

  /// Adds a route.
  ///
  /// - Parameter again: for a route whose handler keeps what its repeated requests need (`Call.name`): makes the answer from
  ///   that; nil when there is nothing left to make it from, and the request is done as if it were new.
  mutating func add<Subject>(
    _ route: Route, for access: Access<Subject>,
    again: (@Sendable (Call, Subject, _ kept: [UInt8]) async throws -> Response?)? = nil,
    _ handler: @escaping @Sendable (Call, Subject) async throws -> Response
  ) {
    let route = route.with(access.name)
    routes.append(route)
    let gate = Gate(route: route, database: database)
    let clock = clock
    let handle: @Sendable (Request, AppRequestContext) async throws -> Response = {
      request, context in
      var context = context
      context.routeName = route.name
      let now = clock()
      try await gate.countAddress(context, now: now)
      let subject = try await access.admit(request, context)
      let caller = Gate.caller(subject, context)
      try await gate.countOwner(subject, now: now)
      try gate.checkQuery(of: request)
      if case .raw = route.body {
        let bytes = try await gate.bytes(of: request)
        return try await handler(
          Call(request: request, context: context, input: Input(), now: now, raw: bytes), subject)
      }
      let (read, input, digest) = try await gate.read(request, subject: subject)
      var call = Call(request: read, context: context, input: input, now: now)
      guard let key = try gate.idempotencyKey(of: request) else {
        return try await handler(call, subject)
      }
      let name = NamedRequest(caller: caller, key: key)
      guard let again else {
        let call = call
        return try await gate.once(name, digest: digest, now: now) {
          try await handler(call, subject)
        }
      }
      call.name = name
      if let kept = try await gate.known(name, digest: digest, now: now) {
        if let response = try await again(call, subject, kept.body) { return response }
        try await gate.beginAnew(name, digest: digest, now: now)
      }
      do {
        return try await handler(call, subject)
      } catch {
        try await gate.database.forgetRequest(name)
        throw error
      }
    }
    let respond: @Sendable (Request, AppRequestContext) async throws -> Response = {
      request, context in
      if route.staysOnLoop { return try await handle(request, context) }
      return try await withTaskExecutorPreference(globalConcurrentExecutor) {
        try await handle(request, context)
      }
    }
    router.on(RouterPath(route.pattern), method: route.method, use: respond)
    guard route.method == .get else { return }
    router.on(RouterPath(route.pattern), method: .head) { request, context in
      Self.withoutBody(try await respond(request, context))
    }
  }

  /// What HEAD is answered: the same head, and of a stream nothing begins.
  ///
  /// Hummingbird's own makes an empty body of a stream, and with it a Content-Length of 0, which GET would not have had
  /// (RFC 9110 section 8.6).
  private static func withoutBody(_ response: Response) -> Response {
    var response = response
    response.body = ResponseBody(contentLength: response.body.contentLength) { writer in
      try await writer.finish(nil)
    }
    return response
  }
}

extension RouteTable {
  /// Says 405, and which methods there are, where the address is right and the method is not.
  func refuseOtherMethods() {
    var known: [String: Set<HTTPRequest.Method>] = [:]
    for route in routes { known[route.pattern, default: []].insert(route.method) }
    for (pattern, methods) in known {
      let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
      for method in ResponseHeaders.methods where !methods.contains(method) {
        router.on(RouterPath(pattern), method: method) { _, context in
          var response = AppError(.methodNotAllowed).response(requestID: context.id)
          response.headers[.allow] = allowed
          return response
        }
      }
    }
  }
}

/// What stands before a handler.
struct Gate: Sendable {
  let route: Route
  let database: AppDatabase

  /// Counts a request against its route's limit for its address.
  func countAddress(_ context: AppRequestContext, now: Int) async throws {
    guard let limit = route.addressLimit else { return }
    let key = "route:\(route.name):\(context.addressKey)"
    if let wait = try await database.pass(
      [RateLimit(key, limit.count, per: limit.period)], now: now)
    {
      throw AppError.rateLimited(milliseconds: wait)
    }
  }

  /// Counts a request against what its owner may ask for in a minute, and against the route's own limit.
  func countOwner<Subject>(_ subject: Subject, now: Int) async throws {
    guard let owner = subject as? Owner else { return }
    var limits = [
      RateLimit("owner:\(owner.user.id)", owner.limits.requestsPerMinute, per: 60_000)
    ]
    if let own = route.ownerLimit {
      limits.append(
        RateLimit("route:\(route.name):\(owner.user.id)", own.count, per: own.period))
    }
    if let wait = try await database.pass(limits, now: now) {
      throw AppError.rateLimited(milliseconds: wait)
    }
  }

  /// Who a repeated request must come from to count as one.
  static func caller<Subject>(_ subject: Subject, _ context: AppRequestContext) -> String {
    switch subject {
    case let owner as Owner: return "user:\(owner.user.id)"
    case let visitor as Visitor: return "session:\(visitor.session)"
    case let caller as ChatCaller:
      switch caller {
      case .owner(let owner): return "user:\(owner.user.id)"
      case .visitor(let visitor): return "session:\(visitor.session)"
      }
    default: return "address:\(context.addressKey)"
    }
  }

  /// Holds the query's parameters against their schemas; what the route does not know is ignored.
  func checkQuery(of request: Request) throws(AppError) {
    var problems: [FieldProblem] = []
    for property in route.query {
      let given = request.uri.queryParameters[values: property.name[...]]
      guard let text = given.first else {
        if property.isRequired {
          problems.append(FieldProblem(field: property.name, code: "required"))
        }
        continue
      }
      guard given.count == 1 else {
        throw .malformed("The query has “\(property.name)” more than once.")
      }
      let value: JSONValue
      if case .integer = property.schema {
        value = Call.whole(text).map { .integer($0) } ?? .string(String(text))
      } else {
        value = .string(String(text))
      }
      problems += property.schema.problems(in: value, at: property.name)
    }
    guard problems.isEmpty else { throw .invalid(problems) }
  }

  /// Reads and checks a JSON body; a form is left to its handler.
  ///
  /// - Returns: also the digest of the body, for repeated requests.
  func read<Subject>(
    _ request: Request, subject: Subject
  ) async throws -> (Request, Input, digest: [UInt8]) {
    let schema: Schema
    switch route.body {
    case .none, .raw:
      return (
        request, Input(), SHA256Digest(of: "\(route.method.rawValue) \(request.uri.path)").bytes
      )
    case .multipart:
      guard MultipartReader.boundary(of: request) != nil else {
        throw AppError(.unsupportedMediaType, detail: "Send multipart/form-data.")
      }
      return (request, Input(), [])
    case .jsonOrMultipart(let shape, _):
      if MultipartReader.boundary(of: request) != nil { return (request, Input(), []) }
      schema = shape
    case .json(let shape): schema = shape
    }
    let bytes = try await jsonBytes(of: request)
    let value: JSONValue
    do {
      value = try StrictJSON.parse(bytes)
    } catch {
      switch error {
      case .syntax(let offset):
        throw AppError.malformed("The body is no JSON; see byte \(offset).")
      case .repeatedMember: throw AppError.malformed("The body has one member twice.")
      case .tooDeep: throw AppError.malformed("The body is nested deeper than 32 levels.")
      }
    }
    guard case .object(let members) = value else {
      throw AppError.malformed("The body must be a JSON object.")
    }
    let problems = schema.problems(in: value)
    if problems.contains(where: { $0.code == "unknown" }) {
      var error = AppError.malformed("The body has a member that is not known here.")
      error.fields = problems
      throw error
    }
    guard problems.isEmpty else { throw AppError.invalid(problems) }
    return (
      request, Input(members),
      SHA256Digest(of: Array("\(route.method.rawValue) \(request.uri.path)\n".utf8) + bytes).bytes
    )
  }

  private func jsonBytes(of request: Request) async throws -> [UInt8] {
    let type = request.headers[.contentType]?.lowercased() ?? ""
    guard type.split(separator: ";").first.map({ $0.trimmingSpace() }) == "application/json" else {
      throw AppError(.unsupportedMediaType)
    }
    return try await bytes(of: request)
  }

  /// The body's bytes.
  ///
  /// - Throws: 413, and 400 for one that cannot be read to its end.
  func bytes(of request: Request) async throws -> [UInt8] {
    // Refused by its declared length before a byte of it is kept.
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > route.bodyLimit {
      throw AppError.tooLarge(limit: route.bodyLimit)
    }
    var bytes: [UInt8] = []
    do {
      for try await buffer in request.body {
        guard bytes.count + buffer.readableBytes <= route.bodyLimit else {
          throw AppError.tooLarge(limit: route.bodyLimit)
        }
        bytes += buffer.readableBytesView
      }
    } catch let error as AppError {
      throw error
    } catch {
      // Not HTTP, or cut off: the client's fault, whatever it is.
      throw AppError.malformed("The body could not be read to its end.")
    }
    return bytes
  }

  // MARK: Repeated requests

  /// The caller's key for its request; nil without one, or where keys are not heeded.
  func idempotencyKey(of request: Request) throws(AppError) -> String? {
    guard route.isIdempotent, let name = HTTPField.Name("Idempotency-Key"),
      let key = request.headers[name]
    else { return nil }
    guard (1...64).contains(key.utf8.count), StringFormat.token.holds(key) else {
      throw .malformed("An Idempotency-Key has 1 to 64 of A-Z a-z 0-9 _ -.")
    }
    // A form is not kept to be compared: its file is known by its digest in any case.
    return MultipartReader.boundary(of: request) == nil ? key : nil
  }

  /// What is kept of a request that was done before; nil for a new one, which is now noted as being worked on.
  ///
  /// - Throws: when it is being worked on, or when the key was used for another.
  func known(
    _ name: NamedRequest, digest: [UInt8], now: Int
  ) async throws -> (status: Int, head: String, body: [UInt8])? {
    switch try await database.beginRequest(
      name, digest: digest, expiresAt: now + 86_400_000, now: now)
    {
    case .answered(let status, let head, let body): return (status, head, body)
    case .running:
      var error = AppError(.stillRunning)
      error.retryAfter = 1
      throw error
    case .other: throw AppError(.idempotencyMismatch)
    case .new: return nil
    }
  }

  /// Notes a request as new whose answer is gone.
  func beginAnew(_ name: NamedRequest, digest: [UInt8], now: Int) async throws {
    try await database.forgetAnswer(name)
    // Two that find it gone: one of them does it.
    guard try await known(name, digest: digest, now: now) == nil else {
      throw AppError(.stillRunning)
    }
  }

  /// Does a request once: the same again gets the first answer.
  func once(
    _ name: NamedRequest, digest: [UInt8], now: Int, _ answer: () async throws -> Response
  ) async throws -> Response {
    if let kept = try await known(name, digest: digest, now: now) {
      return Response(
        status: .init(code: kept.status), headers: KeptHead.fields(kept.head),
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: kept.body)))
    }
    do {
      let response = try await answer()
      let (kept, body) = try await KeptBody.read(response)
      if let body {
        try await database.endRequest(
          RequestEnd(
            name, status: response.status.code, head: KeptHead.text(response.headers), body: body))
      } else {
        // A stream cannot be kept; what it says can be asked for again.
        try await database.forgetRequest(name)
      }
      return kept
    } catch {
      try await database.forgetRequest(name)
      throw error
    }
  }
}

/// The header fields of an answer that are kept with it.
private enum KeptHead {
  private static let names: [HTTPField.Name] = [.contentType, .location, .cacheControl]

  static func text(_ fields: HTTPFields) -> String {
    names.compactMap { name in fields[name].map { "\(name.canonicalName): \($0)" } }
      .joined(separator: "\n")
  }

  static func fields(_ text: String) -> HTTPFields {
    var fields = HTTPFields()
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, let name = HTTPField.Name(String(parts[0])) {
        fields[name] = String(parts[1].trimmingSpace())
      }
    }
    return fields
  }
}

/// Reads the body of an answer whose length is known.
private enum KeptBody {
  static let limit = 256 << 10

  static func read(_ response: Response) async throws -> (Response, body: [UInt8]?) {
    guard let length = response.body.contentLength, length <= limit else { return (response, nil) }
    let collector = BodyCollector()
    try await response.body.write(collector)
    let bytes = collector.bytes()
    var kept = response
    kept.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    return (kept, bytes)
  }
}

extension StringProtocol {
  /// Without the spaces and tabs at both ends.
  func trimmingSpace() -> SubSequence {
    var text = self[...]
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return text
  }
}
