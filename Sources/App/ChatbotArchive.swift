// A chatbot as one file: its settings, its sources with their bytes, and the generation that answers, vectors and all. Brought to
// another server it answers the same without embedding anything. No secret is inside, no conversation, no owner.

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
    /// Nil in an archive made before there were any.
    var suggested_questions, quality_gate: JSONValue?
  }

  struct Source: Codable, Sendable {
    var id, type, name: String
    var url, blob: String?
    var is_citable: Bool
    var bytes: Int
    var crawl: JSONValue
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
    let (data, settings) = (data, chatbot.settings)
    return try await BlockingWork.run {
      let directory = "\(data)/shards/\(chatbot.id)"
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
          quality_gate: try StrictJSON.parse(Array(settings.qualityGate.utf8))),
        sources: sources.map { source in
          ArchiveManifest.Source(
            id: source.id.text, type: source.type, name: source.name, url: source.url,
            blob: Self.digits(of: source.path), is_citable: source.isCitable,
            bytes: source.bytes,
            crawl: (try? StrictJSON.parse(Array(source.crawl.utf8))) ?? .object([:]))
        }.sorted { $0.id < $1.id },
        questions: try StrictJSON.parse(JSONText.encode(questions.map(GoldenQuestionShape.init))),
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

/// Takes archives in.
struct ArchiveReader: Sendable {
  /// Members of one archive.
  private static let memberLimit = 100_000
  private static let manifestLimit = 64 << 20

  let data: String
  let database: AppDatabase

  /// An archive on disk, checked.
  struct Unpacked: Sendable {
    let folder: String
    let manifest: ArchiveManifest
    /// Documents of the generation.
    let documents: [DocumentDescription]
    /// Chunks by document.
    let chunks: [String: Int]
  }

  /// Unpacks what comes, member by member, into a folder of its own.
  ///
  /// - Throws: 400 for what is no archive of ours, 413 for one that is too large.
  func unpack(
    _ pieces: some AsyncSequence<[UInt8], any Error>, byteLimit: Int
  ) async throws -> Unpacked {
    let folder = "\(data)/imports/\(Worker.randomDigits())"
    do {
      for name in ["shard", "blobs"] { try DurableFile.makeDirectory("\(folder)/\(name)") }
      try await write(pieces, to: folder, byteLimit: byteLimit)
      return try await BlockingWork.run { try Self.check(folder) }
    } catch {
      Self.remove(folder)
      throw error
    }
  }

  static func remove(_ folder: String) {
    // Best effort: what is left is in a folder that nobody reads.
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func write(
    _ pieces: some AsyncSequence<[UInt8], any Error>, to folder: String, byteLimit: Int
  ) async throws {
    var reader = Tar.Reader()
    var path: String?
    var total = 0
    var count = 0
    for try await piece in pieces {
      for event in try reader.feed(piece) {
        switch event {
        case .file(let name, let bytes):
          guard Self.isName(name) else {
            throw AppError.malformed("The archive has a member that is none of ours.")
          }
          count += 1
          total += bytes
          guard total <= byteLimit, bytes <= byteLimit, count <= Self.memberLimit else {
            throw AppError.tooLarge(limit: byteLimit)
          }
          let target = "\(folder)/\(name)"
          guard !DurableFile.exists(target) else {
            throw AppError.malformed("The archive has a member twice.")
          }
          path = target
          try await BlockingWork.run { try DurableFile.append([], to: target) }
        case .bytes(let bytes):
          guard let target = path else { continue }
          try await BlockingWork.run { try DurableFile.append(bytes, to: target) }
        case .fileEnd: path = nil
        case .end: break
        }
      }
    }
    guard reader.isDone else { throw AppError.malformed("The archive ends too early.") }
  }

  /// `manifest.json`, `shard/…` and `blobs/<digest>`: no name leads out of the folder.
  private static func isName(_ name: String) -> Bool {
    if name == "manifest.json" { return true }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    if parts[0] == "blobs" { return ArchiveWriter.digits(of: "x/\(parts[1])") != nil }
    return parts[0] == "shard" && (1...90).contains(parts[1].utf8.count) && parts[1].first != "."
      && parts[1].utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
          || $0 == 46
      }
  }

  /// Holds every byte against the manifest, and the shard against its own checksums.
  private static func check(_ folder: String) throws -> Unpacked {
    func refuse(_ why: String) -> AppError { .malformed("The archive cannot be used: \(why).") }
    guard DurableFile.exists("\(folder)/manifest.json") else { throw refuse("no manifest") }
    let bytes = try DurableFile.read("\(folder)/manifest.json", limit: manifestLimit)
    guard let manifest = try? JSONDecoder().decode(ArchiveManifest.self, from: Data(bytes)),
      manifest.format == ArchiveManifest.formatName
    else { throw refuse("its manifest is of another format") }
    for file in manifest.files {
      let path = "\(folder)/\(file.name)"
      guard isName(file.name), DurableFile.exists(path) else { throw refuse("a file is missing") }
      let (digest, count) = try ArchiveWriter.digest(of: path)
      guard digest == file.sha256, count == file.bytes else {
        throw refuse("a file is not what the manifest says")
      }
      if file.name.hasPrefix("blobs/"), file.name != "blobs/\(digest)" {
        throw refuse("a blob is not what its name says")
      }
    }
    let sources = manifest.sources
    guard sources.allSatisfy({ StringFormat.identifier.holds($0.id) }),
      Set(sources.map(\.id)).count == sources.count,
      sources.allSatisfy({ ["file", "url", "video"].contains($0.type) && $0.bytes >= 0 }),
      sources.allSatisfy({ ($0.url == nil) != ($0.blob == nil) || $0.type == "file" }),
      sources.allSatisfy({ $0.blob.map { ArchiveWriter.digits(of: "x/\($0)") != nil } ?? true })
    else { throw refuse("its sources are not as they must be") }
    // What an owner may set, an archive may bring, and nothing else.
    let chatbot = manifest.chatbot
    let parts: [(JSONValue?, Schema)] = [
      (chatbot.lead_form, Components.leadForm),
      (chatbot.suggested_questions, Components.suggestedQuestions),
      (chatbot.quality_gate, Components.qualityGate), (manifest.questions, QuestionController.list),
    ]
    guard
      parts.allSatisfy({ value, schema in value.map { schema.problems(in: $0).isEmpty } ?? true })
    else { throw refuse("its settings are not as they must be") }
    guard manifest.generation != nil else {
      return Unpacked(folder: folder, manifest: manifest, documents: [], chunks: [:])
    }
    do {
      guard let set = try ShardSet.open(directory: "\(folder)/shard"),
        set.manifest.generation == manifest.generation
      else { throw refuse("its shard is missing") }
      for segment in set.segments { try segment.verify() }
      var documents: [DocumentDescription] = []
      var chunks: [String: Int] = [:]
      let known = Set(sources.map(\.id))
      for document in try set.liveDocuments {
        let description = try JSONLines.decode(
          DocumentDescription.self, from: try set.payload(of: document))
        guard known.contains(description.source.text) else {
          throw refuse("a document belongs to no source")
        }
        documents.append(description)
        chunks[description.document.text] = try set.rows(
          ofDocument: description.document.text
        ).count
      }
      return Unpacked(folder: folder, manifest: manifest, documents: documents, chunks: chunks)
    } catch let error as AppError {
      throw error
    } catch {
      throw refuse("its shard is damaged")
    }
  }

  /// Makes a chatbot of an unpacked archive.
  ///
  /// Its rows come first and are marked as removed an hour from now, so that a crash leaves something that is cleaned away and
  /// nothing is cleaned away meanwhile; the last step takes the mark off.
  ///
  /// - Throws: `ChatbotRefusal.limit`; 409 when this server has one of its sources already.
  func install(
    _ archive: Unpacked, owner: Owner, now: Int
  ) async throws -> Chatbot {
    let id = ChatbotID(unchecked: FreshID.text(now: now))
    let manifest = archive.manifest
    let blobs = DirectoryBlobs(data: data)
    let sources = try manifest.sources.map { source in
      KnowledgeSource(
        id: SourceID(unchecked: source.id), chatbot: id, type: source.type, url: source.url,
        path: try source.blob.map {
          try blobs.path(of: BlobReference(blob: "sha256:\($0)", bytes: 0))
        }, name: Uploads.shown(source.name), isCitable: source.is_citable, bytes: source.bytes,
        crawl: String(decoding: JSONText.encode(source.crawl), as: UTF8.self), now: now)
    }
    var new = ChatbotImport(
      id: id, owner: owner.user.id, name: String(manifest.chatbot.name.prefix(80)),
      slug: ChatbotController.slug(for: manifest.chatbot.name), sources: sources)
    new.description = String(manifest.chatbot.description.prefix(500))
    new.welcomeText = String(manifest.chatbot.welcome_text.prefix(1000))
    new.noAnswerText = String(manifest.chatbot.no_answer_text.prefix(1000))
    new.busyText = String(manifest.chatbot.busy_text.prefix(1000))
    new.privacyMode = manifest.chatbot.privacy_mode == "blended" ? "blended" : "strict"
    func text(_ value: JSONValue?) -> String? {
      value.map { String(decoding: JSONText.encode($0), as: UTF8.self) }
    }
    new.leadForm = text(manifest.chatbot.lead_form)
    new.suggestedQuestions = text(manifest.chatbot.suggested_questions)
    new.qualityGate = text(manifest.chatbot.quality_gate)
    var questions: [GoldenQuestionRow] = []
    if case .array(let values)? = manifest.questions {
      questions = try QuestionController.rows(values)
    }
    new.generation = manifest.generation
    new.run = FreshID.text(now: now)
    new.documents = archive.documents.map { document in
      (
        document.document.text, document.source.text, document.uri, document.title,
        archive.chunks[document.document.text] ?? 0
      )
    }
    guard
      try await database.beginImport(
        new, chatbotLimit: owner.limits.chatbots, byteLimit: owner.limits.storedBytes, now: now)
    else { throw AppError(.duplicateSource) }
    guard
      try await database.setGoldenQuestions(
        questions, of: id, now: now, id: { FreshID.text(now: now) })
    else { throw AppError.malformed("The archive asks after a source that it does not have.") }
    let (data, folder, hasShard) = (data, archive.folder, manifest.generation != nil)
    try await BlockingWork.run {
      let names = try DurableFile.names(in: "\(folder)/blobs")
      for name in names {
        try blobs.adopt("\(folder)/blobs/\(name)", digits: name)
      }
      if hasShard {
        try DurableFile.syncTree("\(folder)/shard")
        try DurableFile.makeDirectory("\(data)/shards")
        _ = try DurableFile.rename("\(folder)/shard", to: "\(data)/shards/\(id)")
        try DurableFile.syncDirectory("\(data)/shards")
      }
    }
    guard let chatbot = try await database.endImport(id, now: now) else {
      throw AppError(.internal)
    }
    return chatbot
  }
}
