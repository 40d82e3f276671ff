// The log of acts with privilege, as controllers write it.

import Spool
import Storage

/// Writes the audit log.
struct AuditTrail: Sendable {
  let database: AppDatabase

  /// Notes an operator's act; to be called before it is done.
  ///
  /// - Parameter now: milliseconds since 1970 UTC.
  func note(
    _ action: String, _ object: String, _ id: String, detail: [String: JSONValue], by owner: Owner,
    now: Int
  ) async throws {
    try await database.audit(
      AuditEntry(
        id: FreshID.text(now: now), at: now, actor: "admin", actorID: owner.user.id,
        action: action, object: object, objectID: id,
        detail: String(decoding: JSONText.encode(JSONValue.object(detail)), as: UTF8.self))
    ) { SHA256Digest(of: $0).bytes }
  }
}
