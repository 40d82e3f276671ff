// Takes an archive in. Whoever made it may wish us ill: nothing of it is put among this server's files as it came. Its bytes are held
// against their digests, its settings against the schemas of what an owner may set, its sizes are measured and not believed, and
// its shard is written anew under names of this server's own (ArchivedShard).

import Billing
import BlobStore
import Corpus
import FoundationEssentials
import Spool
import Storage
import VectorShard
import WebClient

/// Takes archives in.
struct ArchiveReader: Sendable {
  /// Members of one archive.
  private static let memberLimit = 100_000
  private static let manifestLimit = 64 << 20

  let data: String
  let database: AppDatabase
  /// Which addresses owners' URLs may name.
  let policy: AddressPolicy

  /// An archive on disk, checked.
  struct Unpacked: Sendable {
    let folder: String
    let manifest: ArchiveManifest
    /// Bytes of the blobs that it brings, by hex digits.
    let blobs: [String: Int]
    /// The generation that answered; nil for a chatbot that was never trained.
    let shard: ShardSet?
  }

  /// Unpacks what comes, member by member, into a folder of its own.
  ///
  /// - Throws: 400 for what is no archive of ours, 413 for one that is too large, 507 when the disk is nearly full.
  func unpack(
    _ pieces: some AsyncSequence<[UInt8], any Error>, byteLimit: Int
  ) async throws -> Unpacked {
    let folder = "\(data)/\(Self.root)/\(Worker.randomDigits())"
    do {
      for name in ["shard", "blobs"] { try DurableFile.makeDirectory("\(folder)/\(name)") }
      try await write(pieces, to: folder, byteLimit: byteLimit)
      return try await BlockingWork.run { try check(folder) }
    } catch {
      Self.remove(folder)
      throw error
    }
  }

  /// Where archives are unpacked; what a crash leaves there is Removals' to take away.
  static let root = "imports"

  static func remove(_ folder: String) {
    // Best effort: Removals comes by later.
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
          // The limit first: the sum of what fits cannot overflow.
          guard bytes <= byteLimit, total + bytes <= byteLimit, count <= Self.memberLimit else {
            throw AppError.tooLarge(limit: byteLimit)
          }
          total += bytes
          let target = "\(folder)/\(name)"
          guard !DurableFile.exists(target) else {
            throw AppError.malformed("The archive has a member twice.")
          }
          path = target
          try await BlockingWork.run {
            try DiskReserve.check(folder)
            try DurableFile.append([], to: target)
          }
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

  private static func refusal(_ why: String) -> AppError {
    .malformed("The archive cannot be used: \(why).")
  }

  /// Holds every byte against the manifest, and the shard against its own checksums.
  private func check(_ folder: String) throws -> Unpacked {
    guard DurableFile.exists("\(folder)/manifest.json") else { throw Self.refusal("no manifest") }
    let bytes = try DurableFile.read("\(folder)/manifest.json", limit: Self.manifestLimit)
    guard let manifest = try? JSONDecoder().decode(ArchiveManifest.self, from: Data(bytes)),
      manifest.format == ArchiveManifest.formatName
    else { throw Self.refusal("its manifest is of another format") }
    let blobs = try Self.checkFiles(of: manifest, in: folder)
    try checkSources(of: manifest, blobs)
    try Self.checkSettings(of: manifest)
    guard manifest.generation != nil else {
      return Unpacked(folder: folder, manifest: manifest, blobs: blobs, shard: nil)
    }
    do {
      guard let set = try ShardSet.open(directory: "\(folder)/shard"),
        set.manifest.generation == manifest.generation
      else { throw Self.refusal("its shard is missing") }
      for segment in set.segments { try segment.verify() }
      return Unpacked(folder: folder, manifest: manifest, blobs: blobs, shard: set)
    } catch let error as AppError {
      throw error
    } catch {
      throw Self.refusal("its shard is damaged")
    }
  }

  /// Every file is listed and what the list says; a blob's name is the digest of its bytes.
  ///
  /// - Returns: the blobs and their sizes.
  private static func checkFiles(
    of manifest: ArchiveManifest, in folder: String
  ) throws -> [String: Int] {
    var blobs: [String: Int] = [:]
    var listed: Set<String> = []
    for file in manifest.files {
      let path = "\(folder)/\(file.name)"
      guard isName(file.name), file.name != "manifest.json", listed.insert(file.name).inserted,
        DurableFile.exists(path)
      else { throw refusal("a file is missing, or listed twice") }
      let (digest, count) = try ArchiveWriter.digest(of: path)
      guard digest == file.sha256, count == file.bytes else {
        throw refusal("a file is not what the manifest says")
      }
      if file.name.hasPrefix("blobs/") {
        guard file.name == "blobs/\(digest)" else {
          throw refusal("a blob is not what its name says")
        }
        blobs[digest] = count
      }
    }
    for part in ["shard", "blobs"] {
      for name in try DurableFile.names(in: "\(folder)/\(part)")
      where !listed.contains("\(part)/\(name)") {
        throw refusal("it has a file that its manifest does not list")
      }
    }
    return blobs
  }

  private func checkSources(of manifest: ArchiveManifest, _ blobs: [String: Int]) throws {
    let sources = manifest.sources
    let address = Schema.string(1...2048, .webURL)
    guard Set(sources.map(\.id)).count == sources.count else {
      throw Self.refusal("it has a source twice")
    }
    for source in sources {
      // A file's bytes come along or it has none: what lies in this server's store already is others'.
      guard StringFormat.identifier.holds(source.id), source.bytes >= 0,
        source.blob.map({ blobs[$0] != nil }) ?? true
      else { throw Self.refusal("its sources are not as they must be") }
      let crawl: Schema
      switch (source.type, source.url, source.blob) {
      case ("file", nil, _): crawl = .object([])
      case ("url", _?, nil): crawl = Components.crawl(asked: true)
      case ("video", _?, _): crawl = Components.captions
      default: throw Self.refusal("its sources are not as they must be")
      }
      guard crawl.problems(in: source.crawl).isEmpty,
        source.url.map({ address.problems(in: .string($0)).isEmpty }) ?? true
      else { throw Self.refusal("its sources are not as they must be") }
      if let url = source.url { _ = try policy.ownersAddress(url) }
    }
  }

  /// What an owner may set, an archive may bring, and nothing else.
  private static func checkSettings(of manifest: ArchiveManifest) throws {
    let known = Set(manifest.sources.map(\.id))
    let settings = try StrictJSON.parse(JSONText.encode(manifest.chatbot))
    guard Schema.object(ChatbotController.archivedSettings).problems(in: settings).isEmpty,
      manifest.questions.map({ QuestionController.list.problems(in: $0).isEmpty }) ?? true,
      (manifest.guidance ?? []).count <= GuidanceController.limit,
      (manifest.guidance ?? []).allSatisfy({ line in
        GuidanceController.text.problems(in: .string(line.text)).isEmpty
          && line.source.map(known.contains) ?? true
      })
    else { throw refusal("its settings are not as they must be") }
    for domain in manifest.chatbot.allowed_domains ?? [] {
      guard AllowedOrigin.normalized(domain) == domain else {
        throw refusal("a site that may show it is none")
      }
    }
  }

  // MARK: Installing

  /// Makes a chatbot of an unpacked archive.
  ///
  /// Its rows come first and are marked as removed an hour from now, so that a crash leaves something that is cleaned away and
  /// nothing is cleaned away meanwhile; the last step takes the mark off.
  ///
  /// - Throws: `ChatbotRefusal.limit`, `SourceRefusal`, and what the plan has no room for.
  func install(_ archive: Unpacked, owner: Owner, now: Int) async throws -> Chatbot {
    let manifest = archive.manifest
    let limits = owner.limits
    let id = ChatbotID(unchecked: FreshID.text(now: now))
    let names = ArchiveNames(chatbot: id)
    let run = FreshID.text(now: now)
    // Written before any row: what is wrong with it is found while nothing stands.
    let made = "\(archive.folder)/made"
    let shard = try await BlockingWork.run { () -> ArchivedShard? in
      do {
        guard let set = archive.shard else { return nil }
        let shard = try ArchivedShard(set, archive, names)
        guard shard.chunkCount > 0 else { return nil }
        guard shard.chunkCount <= limits.chunksPerChatbot else {
          throw AppError.planLimit(
            "chunks", used: shard.chunkCount, max: limits.chunksPerChatbot)
        }
        try shard.write(into: made, run: run)
        return shard
      } catch let error as ShardError {
        // The disk's fault is not the archive's.
        if case .system = error { throw error }
        throw Self.refusal("its shard is damaged")
      } catch is DecodingError {
        throw Self.refusal("its shard holds what is no chunk")
      }
    }
    let blobs = DirectoryBlobs(data: data)
    let sources = try manifest.sources.map { source in
      // Measured here: what an archive says of itself counts against no plan.
      let bytes = source.blob.flatMap { archive.blobs[$0] } ?? 0
      guard bytes <= limits.fileBytes else { throw AppError.tooLarge(limit: limits.fileBytes) }
      return KnowledgeSource(
        id: names.source(source.id), chatbot: id, type: source.type, url: source.url,
        path: try source.blob.map {
          try blobs.path(of: BlobReference(blob: "sha256:\($0)", bytes: 0))
        }, name: Self.name(of: source), isCitable: source.is_citable, bytes: bytes,
        crawl: String(decoding: JSONText.encode(source.crawl), as: UTF8.self), now: now)
    }
    var new = ChatbotImport(
      id: id, owner: owner.user.id, name: manifest.chatbot.name,
      slug: ChatbotController.slug(for: manifest.chatbot.name), sources: sources)
    Self.put(manifest.chatbot, into: &new, limits)
    new.generation = shard.map { _ in ArchivedShard.generation }
    new.run = run
    new.documents = shard?.rows ?? []
    new.guidance = (manifest.guidance ?? []).map { line in
      (
        id: FreshID.text(now: now), source: line.source.map(names.source), text: line.text,
        hash: SHA256Digest(of: line.text).bytes
      )
    }
    var questions: [GoldenQuestionRow] = []
    if case .array(let values)? = manifest.questions {
      let known = Set(manifest.sources.map(\.id))
      questions = try QuestionController.rows(values)
      for index in questions.indices {
        guard let source = questions[index].source else { continue }
        guard known.contains(source.text) else {
          throw Self.refusal("it asks after a source that it does not have")
        }
        questions[index].source = names.source(source.text)
      }
    }
    try await database.beginImport(
      new, chatbotLimit: limits.chatbots, sourceLimit: limits.sourcesPerChatbot,
      byteLimit: limits.storedBytes, now: now)
    _ = try await database.setGoldenQuestions(
      questions, of: id, now: now, id: { FreshID.text(now: now) })
    let (data, hasShard) = (data, shard != nil)
    try await BlockingWork.run {
      for digits in archive.blobs.keys.sorted() {
        try blobs.adopt("\(archive.folder)/blobs/\(digits)", digits: digits)
      }
      if hasShard {
        try DurableFile.makeDirectory("\(data)/shards")
        _ = try DurableFile.rename(made, to: "\(data)/shards/\(id)")
        try DurableFile.syncDirectory("\(data)/shards")
      }
    }
    guard let chatbot = try await database.endImport(id, now: now) else {
      throw AppError(.internal)
    }
    return chatbot
  }

  /// A page's or a video's own name is its address, which is no file's.
  private static func name(of source: ArchiveManifest.Source) -> String {
    guard let url = source.url else { return Uploads.shown(source.name) }
    return Schema.string(1...2048, .oneLine).problems(in: .string(source.name)).isEmpty
      ? source.name : url
  }

  private static func put(
    _ settings: ArchiveManifest.Settings, into new: inout ChatbotImport, _ limits: PlanLimits
  ) {
    func text(_ value: JSONValue?) -> String? {
      value.map { String(decoding: JSONText.encode($0), as: UTF8.self) }
    }
    new.description = settings.description
    new.welcomeText = settings.welcome_text
    new.noAnswerText = settings.no_answer_text
    new.busyText = settings.busy_text
    new.privacyMode = settings.privacy_mode
    new.leadForm = text(settings.lead_form)
    new.suggestedQuestions = text(settings.suggested_questions)
    new.qualityGate = text(settings.quality_gate)
    // One that does not say whether it was public is not made so.
    new.isPublic = settings.is_public ?? false
    new.allowedDomains = String(
      decoding: JSONText.encode(settings.allowed_domains ?? []), as: UTF8.self)
    new.dailyMessageCap = settings.daily_message_cap
    new.monthlyTokenCap = settings.monthly_token_cap
    new.retentionDays = settings.retention_days.map { min($0, limits.retentionDays ?? $0) }
  }
}
