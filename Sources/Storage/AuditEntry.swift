// What was done with privileges, in order: rows are only ever added, and each one's digest covers the row before it, so a
// row that was changed or taken out shows.

import GRDB

/// One privileged act.
package struct AuditEntry: Hashable, Sendable {
  package let id: String
  /// Milliseconds since 1970 UTC.
  package let at: Int
  /// user, admin, system, stripe or crm.
  package let actor: String
  package let actorID: String?
  /// A verb, such as `user.disable`.
  package let action: String
  /// What kind of thing it was done to.
  package let object: String
  package let objectID: String?
  /// JSON; holds no secret.
  package let detail: String

  package init(
    id: String, at: Int, actor: String, actorID: String?, action: String, object: String,
    objectID: String?, detail: String = "{}"
  ) {
    self.id = id
    self.at = at
    self.actor = actor
    self.actorID = actorID
    self.action = action
    self.object = object
    self.objectID = objectID
    self.detail = detail
  }

  init(row: Row) {
    self.init(
      id: row["id"], at: row["at"], actor: row["actor"], actorID: row["actor_id"],
      action: row["action"], object: row["object"], objectID: row["object_id"],
      detail: row["detail_json"])
  }

  /// What a digest is made of: every field with its length, so that none can flow into the next.
  package var canonicalBytes: [UInt8] {
    [id, "\(at)", actor, actorID ?? "", action, object, objectID ?? "", detail]
      .flatMap { Array("\($0.utf8.count):\($0)".utf8) }
  }
}

extension AppDatabase {
  /// Adds an entry.
  ///
  /// - Parameter digest: SHA-256, given by the caller: this module has no cryptography.
  package func audit(
    _ entry: AuditEntry, digest: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) async throws {
    try await changes.write { try Self.audit(entry, digest: digest, in: $0) }
  }

  /// Adds an entry in the transaction of what it tells.
  static func audit(
    _ entry: AuditEntry, digest: ([UInt8]) -> [UInt8], in database: Database
  ) throws {
    let last = try database.first(
      "SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1")
    let previous = DatabaseBytes.bytes(last?["hash"])
    try database.change(
      """
      INSERT INTO audit_log (sequence, id, at, actor_id, actor, action, object, object_id, detail_json,
        previous_hash, hash, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      """,
      [
        (last?["sequence"] ?? 0) + 1, entry.id, entry.at, entry.actorID, entry.actor,
        entry.action, entry.object,
        entry.objectID, entry.detail, DatabaseBytes(previous).value,
        DatabaseBytes(digest(previous + entry.canonicalBytes)).value, entry.at,
      ])
  }

  /// Entries, newest first.
  package func auditLog(_ page: PageRequest) async throws -> [AuditEntry] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM audit_log WHERE (created_at, id) < ($1, $2)
        ORDER BY created_at DESC, id DESC LIMIT $3
        """, [page.createdAt, page.id, page.limit]
      ).map(AuditEntry.init)
    }
  }

  /// The first entry whose digest does not follow from it and the one before; nil when all do.
  package func brokenAuditEntry(
    digest: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) async throws -> String? {
    try await reads.read { database in
      var previous: [UInt8] = []
      let cursor = try Row.fetchCursor(database, sql: "SELECT * FROM audit_log ORDER BY sequence")
      while let row = try cursor.next() {
        let hash = DatabaseBytes.bytes(row["hash"])
        guard DatabaseBytes.bytes(row["previous_hash"]) == previous,
          hash == digest(previous + AuditEntry(row: row).canonicalBytes)
        else { return row["id"] }
        previous = hash
      }
      return nil
    }
  }
}
