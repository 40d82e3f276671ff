// What the server answers to, for people: the routes of /openapi.json, a line each.

import HTTPTypes
import Logging

/// One route and who may use it.
package struct RouteLine: Encodable, Sendable {
  package let method: String
  package let path: String
  /// any, visitor, visitor or owner, owner, user, admin or signed.
  package let access: String
  package let summary: String
  /// Whether somebody without an account of this server can use it.
  package let isPublic: Bool
}

extension Services {
  /// All routes, in the order of their paths.
  ///
  /// - Throws: `SecretKeysError`, and what a file that a setting names cannot be read with.
  package func routeLines() throws -> [RouteLine] {
    let logger = Logger(label: "routes") { _ in SwiftLogNoOpLogHandler() }
    return try Routes(self, publicURL: configuration.publicURL, logger: logger).table.routes
      .map { route in
        RouteLine(
          method: route.method.rawValue, path: route.path, access: route.access.rawValue,
          summary: route.summary,
          isPublic: [.any, .visitor, .visitorOrOwner, .signed].contains(route.access))
      }
      .sorted { ($0.path, $0.method) < ($1.path, $1.method) }
  }
}
