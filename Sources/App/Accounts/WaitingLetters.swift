// Letters that are asked for and not sent yet, a file each: a mail server that is down for an hour, or a server that is restarted, loses
// none. What lies here is what was asked for; tokens are drawn when a letter is composed, so that only the letter holds them.

import FoundationEssentials
import Spool
import Storage

/// The folder of letters that wait.
struct WaitingLetters: Sendable {
  /// Milliseconds after which a letter is given up: its reader has asked for another, or does not wait any more.
  static let patience = 86_400_000

  /// One that waits.
  struct Letter: Sendable {
    /// Its file's.
    let name: String
    let job: MailJob
    /// When it was asked for, milliseconds since 1970 UTC.
    let askedAt: Int
  }

  private struct Content: Codable {
    let asked_at: Int
    let job: MailJob
  }

  private let folder: String

  /// - Parameter data: the data directory; letters lie in its `letters` folder.
  init(data: String) { folder = "\(data)/letters" }

  /// Keeps a letter, durably and for nobody else to read: it names an address.
  func put(_ job: MailJob, now: Int) throws -> String {
    let name = "\(FreshID.text(now: now)).json"
    try DurableFile.replaceSecret(
      "\(folder)/\(name)", with: JSONText.encode(Content(asked_at: now, job: job)))
    return name
  }

  func remove(_ name: String) throws { try DurableFile.remove("\(folder)/\(name)") }

  /// Removes what a crash left half written, and what is no letter: it names an address, and nobody would ever take it away.
  func removeLeftOvers(now: Int) throws {
    guard DurableFile.exists(folder) else { return }
    let known = Set(try all().map(\.name))
    for name in try DurableFile.names(in: folder) where !known.contains(name) {
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
      guard let date = attributes?[.modificationDate] as? Date,
        now - Int(date.timeIntervalSince1970 * 1000) > Self.patience
      else { continue }
      try remove(name)
    }
  }

  /// All of them, oldest first; a file that is no letter is left out.
  func all() throws -> [Letter] {
    guard DurableFile.exists(folder) else { return [] }
    return try DurableFile.names(in: folder).filter { $0.hasSuffix(".json") }.sorted()
      .compactMap { name in
        guard let bytes = try? DurableFile.read("\(folder)/\(name)", limit: 64 << 10),
          let content = try? JSONDecoder().decode(Content.self, from: Data(bytes))
        else { return nil }
        return Letter(name: name, job: content.job, askedAt: content.asked_at)
      }
  }
}
