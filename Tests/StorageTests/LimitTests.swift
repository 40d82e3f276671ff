import Foundation
import GRDB
import Storage
import TestSupport
import Testing

@Suite struct LimitTests {
  @Test func `no more pass than a bucket of that size and rate lets through`() {
    var generator = SystemRandomNumberGenerator()
    for count in [1, 3, 10, 60] {
      let limit = RateLimit("k", count, per: 60_000)
      let interval = 60_000 / count
      var time: Int?
      var now = 1_000_000
      var passed: [Int] = []
      for _ in 0..<20_000 {
        now += Int.random(in: 0...(interval / 2), using: &generator)
        let (next, wait) = limit.next(after: time, now: now)
        guard wait == nil else { continue }
        time = next
        passed.append(now)
      }
      // In any stretch no more than the burst and what the rate adds.
      for (index, start) in passed.enumerated() where index % 97 == 0 {
        for end in [start, start + 60_000, start + 600_000] {
          let inside = passed[index...].prefix { $0 <= end }.count
          #expect(inside <= count + (end - start) / interval, "\(count)")
        }
      }
      #expect(passed.count > count)
    }
  }

  @Test func `a limit that is used up keeps the others as they were, and a restart keeps all`()
    async throws
  {
    let folder = try TemporaryFolder()
    let path = folder.path + "/bobbin.sqlite"
    var database = try AppDatabase(path: path)
    let (narrow, wide) = (RateLimit("narrow", 1, per: 60_000), RateLimit("wide", 2, per: 60_000))
    #expect(try await database.pass([wide, narrow], now: 1000) == nil)
    #expect(try await database.pass([wide, narrow], now: 1001) == 59_999)
    database = try AppDatabase(path: path)
    #expect(try await database.pass([wide], now: 1002) == nil)
    #expect(try await database.pass([wide], now: 1003) != nil)
  }

  @Test func `a change that fails takes no other along`() async throws {
    let folder = try TemporaryFolder()
    let database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    let results = await withTaskGroup(of: Bool?.self) { group in
      for number in 0..<100 {
        group.addTask {
          var user = NewUser(
            id: "u\(number)", email: "\(number)@example.com", name: "", passwordHash: nil)
          // Every tenth breaks a constraint that the statement does not expect.
          if number % 10 == 0 { user.googleID = "same" }
          return try? await database.add(user, now: 1)
        }
      }
      return await group.reduce(into: [Bool?]()) { $0.append($1) }
    }
    #expect(results.filter { $0 == true }.count == 91)
    #expect(results.filter { $0 == nil }.count == 9)
    #expect(try await database.users(search: "", PageRequest(limit: 1000)).count == 91)
  }

  /// One SQL text for both engines: SQLite numbers `$n` by first appearance, so each must appear once and in order.
  @Test func `values stand in their order`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Storage")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      for match in text.matches(of: /"""(?s:.*?)"""|"[^"\n]*\$1[^"\n]*"/) {
        let numbers = match.0.matches(of: /\$([0-9]+)/).compactMap { Int($0.1) }
        #expect(numbers == Array(1..<(numbers.count + 1)), "\(name): \(match.0.prefix(300))")
      }
    }
  }

  @Test func `the audit log shows a row that was changed or taken out`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/bobbin.sqlite"
    let database = try AppDatabase(path: path)
    // Any function of the bytes does here.
    let digest: @Sendable ([UInt8]) -> [UInt8] = { bytes in
      withUnsafeBytes(of: bytes.reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }) { Array($0) }
    }
    for number in 0..<5 {
      try await database.audit(
        AuditEntry(
          id: "a\(9 - number)", at: 7, actor: "admin", actorID: nil, action: "x", object: "y",
          objectID: "\(number)"), digest: digest)
    }
    #expect(try await database.brokenAuditEntry(digest: digest) == nil)
    let raw = try DatabaseQueue(path: path)
    try await raw.write { try $0.execute(sql: "UPDATE audit_log SET action = 'z' WHERE id = 'a7'") }
    #expect(try await database.brokenAuditEntry(digest: digest) == "a7")
    try await raw.write {
      try $0.execute(sql: "UPDATE audit_log SET action = 'x' WHERE id = 'a7'")
      try $0.execute(sql: "DELETE FROM audit_log WHERE id = 'a8'")
    }
    #expect(try await database.brokenAuditEntry(digest: digest) == "a7")
  }
}
