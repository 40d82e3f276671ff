import Corpus
import Spool
import Storage
import TestSupport
import Testing

@testable import App

@Suite struct RemovalTests {
  /// The server and `bobbin sweep` came upon the same removed chatbot: one of them failed on a folder that the other had taken.
  @Test func `while one process takes away, another leaves it to him`() async throws {
    let folder = try TemporaryFolder()
    let database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    func removals() -> Removals {
      Removals(data: folder.path, spool: folder.path + "/spool", database: database)
    }
    var lock = try RemovalLock(data: folder.path)
    #expect(lock != nil)
    #expect(try await !removals().advance())
    lock = nil
    #expect(try await removals().advance())
    #expect(try await removals().advance())
  }
}
