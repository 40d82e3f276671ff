// A chatbot as one file: its settings, its sources with their bytes, and the generation that answers, vectors and all. Brought to
// another server it answers the same without embedding anything (ArchiveReader). No secret is inside, no conversation, no owner.

import Billing
import BlobStore
import Corpus
import FoundationEssentials
import Spool
import Storage
import VectorShard

/// What an archive says of itself: its first member, `manifest.json`.
struct ArchiveManifest: Codable, Sendable {
  struct Settings: Codable, Sendable {
    var name, description, welcome_text, no_answer_text, busy_text, privacy_mode: String
    var lead_form: JSONValue
    /// These are nil in an archive made before they were in it; such a chatbot is not public.
    var suggested_questions, quality_gate: JSONValue?
    var is_public: Bool?
    var allowed_domains: [String]?
    /// Nil also where the owner has set none.
    var daily_message_cap, monthly_token_cap, retention_days: Int?
  }

  struct Source: Codable, Sendable {
    var id, type, name: String
    var url, blob: String?
    var is_citable: Bool
    var bytes: Int
    var crawl: JSONValue
  }

  /// A line of guidance; whoever brings the archive to a server approves it there.
  struct Line: Codable, Sendable {
    var text: String
    var source: String?
  }

  struct File: Codable, Sendable {
    var name, sha256: String
    var bytes: Int
  }

  var format = Self.formatName
  var chatbot: Settings
  var sources: [Source]
  /// Its golden questions; nil in an archive made before there were any.
  var questions: JSONValue?
  /// Its lines of guidance; nil in an archive made before there were any.
  var guidance: [Line]?
  /// Nil for a chatbot that was never trained.
  var generation: Int?
  var files: [File]

  static let formatName = "bobbin.chatbot/1"
}

/// Makes archives.
struct ArchiveWriter: Sendable {
  let data: String
  let database: AppDatabase

  /// One member: its name in the archive and where its bytes are.
  struct Member: Sendable {
    let name: String
    let path: String
    let byteCount: Int
  }

  /// Everything that goes into the archive of a chatbot.
  func contents(of chatbot: Chatbot) async throws -> (manifest: [UInt8], members: [Member]) {
    let sources = try await database.sources(of: chatbot.id)
    let questions = try await database.goldenQuestions(of: chatbot.id)
    let lines = try await database.guidance(of: chatbot.id, PageRequest(limit: 1_000))
    let (data, settings) = (data, chatbot.settings)
    return try await BlockingWork.run {
      let directory = "\(data)/shards/\(chatbot.id)"
      let known = Set(sources.map(\.id))
      let generation = try ShardManifest.currentGeneration(in: directory)
      var paths: [(String, String)] = []
      var raw: Set<String> = []
      if let generation {
        let manifest = try ShardManifest.manifest(generation: generation, in: directory)
        let names =
          ["CURRENT", manifestFileName(generation)]
          + manifest.segments.map { segmentFileName($0.digest) }
        paths += names.map { ("shard/\($0)", "\(directory)/\($0)") }
        let set = try ShardSet(manifest, in: directory)
        for document in try set.liveDocuments {
          let description = try JSONLines.decode(
            DocumentDescription.self, from: try set.payload(of: document))
          // What was read of a source that has been removed since stays here.
          guard known.contains(description.source) else { continue }
          raw.insert(String(description.rawDigest.drop { $0 != ":" }.dropFirst()))
        }
      }
      let blobs = DirectoryBlobs(data: data)
      raw.formUnion(sources.compactMap { Self.digits(of: $0.path) })
      for digits in raw.sorted() {
        let path = try blobs.path(of: BlobReference(blob: "sha256:\(digits)", bytes: 0))
        // The bytes of a page that was read long ago may be gone; its text is in the shard.
        if DurableFile.exists(path) { paths.append(("blobs/\(digits)", path)) }
      }
      let present = Set(paths.map(\.0))
      var members: [Member] = []
      var files: [ArchiveManifest.File] = []
      for (name, path) in paths {
        let (digest, count) = try Self.digest(of: path)
        members.append(Member(name: name, path: path, byteCount: count))
        files.append(ArchiveManifest.File(name: name, sha256: digest, bytes: count))
      }
      let manifest = ArchiveManifest(
        chatbot: ArchiveManifest.Settings(
          name: settings.name, description: settings.description,
          welcome_text: settings.welcomeText, no_answer_text: settings.noAnswerText,
          busy_text: settings.busyText, privacy_mode: settings.privacyMode,
          lead_form: (try? StrictJSON.parse(Array(settings.leadForm.utf8))) ?? .object([:]),
          suggested_questions: try StrictJSON.parse(Array(settings.suggestedQuestions.utf8)),
          quality_gate: try StrictJSON.parse(Array(settings.qualityGate.utf8)),
          is_public: settings.isPublic,
          allowed_domains: try JSONDecoder().decode(
            [String].self, from: Data(settings.allowedDomains.utf8)),
          daily_message_cap: settings.dailyMessageCap, monthly_token_cap: settings.monthlyTokenCap,
          retention_days: settings.retentionDays),
        sources: sources.map { source in
          ArchiveManifest.Source(
            id: source.id.text, type: source.type, name: source.name, url: source.url,
            blob: Self.digits(of: source.path).flatMap {
              present.contains("blobs/\($0)") ? $0 : nil
            },
            is_citable: source.isCitable,
            bytes: source.bytes,
            crawl: (try? StrictJSON.parse(Array(source.crawl.utf8))) ?? .object([:]))
        }.sorted { $0.id < $1.id },
        questions: try StrictJSON.parse(JSONText.encode(questions.map(GoldenQuestionShape.init))),
        guidance: lines.reversed().map { line in
          ArchiveManifest.Line(
            text: line.text, source: line.source.flatMap { known.contains($0) ? $0.text : nil })
        },
        generation: generation, files: files)
      return (JSONText.encode(manifest), members)
    }
  }

  /// The digest in a blob's path; nil for another file, such as one that an operator named.
  static func digits(of path: String?) -> String? {
    guard let name = path?.split(separator: "/").last, name.utf8.count == 64,
      name.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { return nil }
    return String(name)
  }

  static func digest(of path: String) throws -> (hexDigits: String, byteCount: Int) {
    let stream = try SHA256Stream()
    var count = 0
    try DurableFile.pieces(of: path) { piece in
      stream.update(piece)
      count += piece.count
    }
    return (stream.hexDigits(), count)
  }
}
