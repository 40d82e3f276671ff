// Owns the one writer. All rows live in `bobbin.sqlite` of the data directory, in WAL mode with every commit synced: what
// was answered to an owner is never lost to a power cut.

import Corpus
import GRDB

/// The rows of one Bobbin.
///
/// Each access runs on a queue's thread: nothing here blocks the cooperative pool.
package struct AppDatabase: Sendable {
  let pool: DatabasePool
  let reads: ReadGroup
  /// Changes that requests wait for, many in one commit.
  let changes: WriteGroup

  /// Opens or creates the database and brings it to the present schema.
  ///
  /// - Throws: `StorageError.cannotOpen`.
  package init(path: String) throws(StorageError) {
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(10)
    configuration.foreignKeysEnabled = true
    // What is deleted is overwritten: a removed conversation must not be found in the file's free pages.
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA secure_delete = ON")
      database.add(function: Folding.function)
    }
    do {
      // One process at a time: two that find a new database would both create its tables.
      let lock = try MigrationLock(path: path)
      defer { withExtendedLifetime(lock) {} }
      pool = try DatabasePool(path: path, configuration: configuration)
      // After the pool is made, which sets NORMAL when it turns on WAL: a power cut would take back commits whose receipts
      // are gone. The writer's connection lives as long as the pool.
      //
      // What a savepoint would take back is kept in memory: over 64 KiB it went to a file, made and removed for each.
      try pool.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY")
      }
      try Migrations.migrator.migrate(pool)
      reads = ReadGroup(pool)
      changes = WriteGroup(pool)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      throw .busy(path: path)
    } catch let error as DatabaseError where StorageError.isDiskFull(error, path: path) {
      throw .full(path: path)
    } catch let error as StorageError {
      throw error
    } catch {
      throw .cannotOpen(path: path, reason: "\(error)")
    }
  }

  /// Moves the log into the database and empties it: what was deleted stands in neither.
  package func checkpoint() async throws {
    // Busy readers put it off to the next time.
    _ = try? await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }

  /// Whether a row can be read and the file can be written: what readiness means.
  package func probe() async throws {
    try await pool.write { database in
      try database.change(
        """
        INSERT INTO rate_limits (scope, next_at, created_at) VALUES ('probe', 0, 0)
        ON CONFLICT (scope) DO UPDATE SET next_at = rate_limits.next_at + 1
        """)
    }
  }
}

extension AppDatabase {
  /// What SQLite finds wrong with the file and its references; empty when nothing is.
  package func faults() async throws -> [String] {
    try await reads.read { database in
      let file = try database.all("PRAGMA integrity_check(10)").map { $0[0] as String }
      let keys = try database.all("PRAGMA foreign_key_check").map {
        "a row of \($0["table"] as String) refers to nothing"
      }
      return file.filter { $0 != "ok" } + keys
    }
  }

  /// Whether some account that may sign in is an operator's.
  package func hasOperator() async throws -> Bool {
    try await reads.read { database in
      try database.number("SELECT count(*) FROM users WHERE is_admin = 1 AND disabled = 0") > 0
    }
  }
}
