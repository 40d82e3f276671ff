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
    try await note(action, object, id, detail, actor: ("admin", owner.user.id), now: now)
  }

  /// Notes an act from a terminal on the machine itself, where being able to write the database is the privilege.
  func noteOnMachine(
    _ action: String, _ object: String, _ id: String, _ detail: [String: JSONValue]
  ) async throws {
    try await note(action, object, id, detail, actor: ("system", nil), now: WallClock.now())
  }

  private func note(
    _ action: String, _ object: String, _ id: String, _ detail: [String: JSONValue],
    actor: (name: String, id: String?), now: Int
  ) async throws {
    try await database.audit(
      AuditEntry(
        id: FreshID.text(now: now), at: now, actor: actor.name, actorID: actor.id, action: action,
        object: object, objectID: id,
        detail: String(decoding: JSONText.encode(JSONValue.object(detail)), as: UTF8.self))
    ) { SHA256Digest(of: $0).bytes }
  }
}

extension AppDatabase {
  /// Notes in the audit log what is about to be done from a terminal on the machine itself.
  package func noteOnMachine(
    _ action: String, _ object: String, _ id: String, _ detail: [String: String] = [:]
  ) async throws {
    try await AuditTrail(database: self)
      .noteOnMachine(action, object, id, detail.mapValues { .string($0) })
  }
}
