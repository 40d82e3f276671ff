// What an owner gave a chatbot to know: a file, an address, a video's captions.

package import Corpus
import GRDB

/// One source's row.
package struct KnowledgeSource: Hashable, Sendable {
  package let id: SourceID
  package let chatbot: ChatbotID
  /// file, url or video.
  package let type: String
  package let url: String?
  /// The file's path, or its blob's.
  package let path: String?
  package let name: String
  package let isCitable: Bool
  package let bytes: Int
  /// JSON: how far a crawl may go.
  package let crawl: String
  package let createdAt: Int
  package let updatedAt: Int

  init(row: Row) {
    id = SourceID(unchecked: row["id"])
    chatbot = ChatbotID(unchecked: row["chatbot_id"])
    type = row["source_type"]
    url = row["source_url"]
    path = row["file_path"]
    name = row["name"]
    isCitable = row["is_citable"] == 1
    bytes = row["bytes"]
    crawl = row["crawl_json"]
    createdAt = row["created_at"]
    updatedAt = row["updated_at"]
  }

  package init(
    id: SourceID, chatbot: ChatbotID, type: String, url: String?, path: String?, name: String,
    isCitable: Bool, bytes: Int, crawl: String = "{}", now: Int
  ) {
    self.id = id
    self.chatbot = chatbot
    self.type = type
    self.url = url
    self.path = path
    self.name = name
    self.isCitable = isCitable
    self.bytes = bytes
    self.crawl = crawl
    createdAt = now
    updatedAt = now
  }
}

/// Why a source was not taken.
package enum SourceRefusal: Error, Sendable {
  /// The plan allows no more sources.
  case limit(used: Int)
  /// The plan allows no more bytes.
  case storage(used: Int)
  /// The chatbot has it already.
  case duplicate
}

/// What a removal took away, or will.
package struct RemovalReceipt: Hashable, Sendable {
  package var sources = 0
  package var documents = 0
  package var chunks = 0
  package var blobs = 0
  package var conversations = 0
  package var leads = 0

  package init() {}
}

extension AppDatabase {
  /// A chatbot's sources, newest first.
  package func sources(
    of chatbot: ChatbotID, _ page: PageRequest = PageRequest(limit: 100_000)
  ) async throws -> [KnowledgeSource] {
    try await reads.read { database in
      try database.all(
        """
        SELECT * FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL
          AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4
        """, [chatbot.text, page.createdAt, page.id, page.limit]
      ).map(KnowledgeSource.init)
    }
  }

  /// A source of a chatbot; nil when it has no such one.
  package func source(_ id: String, of chatbot: ChatbotID) async throws -> KnowledgeSource? {
    try await reads.read { database in
      try database.first(
        "SELECT * FROM knowledge_sources WHERE id = $1 AND chatbot_id = $2 AND deleted_at IS NULL",
        [id, chatbot.text]
      ).map(KnowledgeSource.init)
    }
  }

  /// Whether an owner may give a chatbot one more source, of so many bytes: asked before they are read.
  ///
  /// - Throws: `SourceRefusal`.
  package func checkRoom(
    of chatbot: ChatbotID, owner: String, bytes: Int, sourceLimit: Int, byteLimit: Int
  ) async throws {
    try await reads.read { database in
      let used = try database.number(
        "SELECT count(*) FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL",
        [chatbot.text])
      guard used < sourceLimit else { throw SourceRefusal.limit(used: used) }
      let stored = try Self.storedBytes(of: owner, in: database)
      guard stored + bytes <= byteLimit else { throw SourceRefusal.storage(used: stored) }
    }
  }

  /// Stores a source; one that was removed before stands again.
  ///
  /// - Throws: `SourceRefusal`.
  package func addSource(
    _ source: KnowledgeSource, owner: String, sourceLimit: Int, byteLimit: Int
  ) async throws {
    try await changes.write { database in
      let used = try database.number(
        "SELECT count(*) FROM knowledge_sources WHERE chatbot_id = $1 AND deleted_at IS NULL",
        [source.chatbot.text])
      guard used < sourceLimit else { throw SourceRefusal.limit(used: used) }
      let bytes = try Self.storedBytes(of: owner, in: database)
      guard bytes + source.bytes <= byteLimit else { throw SourceRefusal.storage(used: bytes) }
      let isNew = try database.change(
        """
        INSERT INTO knowledge_sources (id, chatbot_id, source_type, source_url, file_path, name,
          is_citable, bytes, crawl_json, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_citable = excluded.is_citable,
          bytes = excluded.bytes, crawl_json = excluded.crawl_json, file_path = excluded.file_path,
          created_at = excluded.created_at, updated_at = excluded.updated_at, deleted_at = NULL
        WHERE knowledge_sources.deleted_at IS NOT NULL
          AND knowledge_sources.chatbot_id = excluded.chatbot_id
        """,
        [
          source.id.text, source.chatbot.text, source.type, source.url, source.path, source.name,
          source.isCitable ? 1 : 0, source.bytes, source.crawl, source.createdAt, source.updatedAt,
        ])
      guard isNew == 1 else { throw SourceRefusal.duplicate }
    }
  }

  /// Bytes of all sources of an owner.
  package func storedBytes(of owner: String) async throws -> Int {
    try await reads.read { try Self.storedBytes(of: owner, in: $0) }
  }

  static func storedBytes(of owner: String, in database: Database) throws -> Int {
    try database.number(
      """
      SELECT cast(coalesce(sum(s.bytes), 0) AS bigint) FROM knowledge_sources s
        JOIN chatbots c ON c.id = s.chatbot_id
      WHERE c.user_id = $1 AND s.deleted_at IS NULL
      """, [owner])
  }

  /// Changes what an owner may change of a source; nil leaves a value as it is.
  ///
  /// - Returns: nil when the chatbot has no such source.
  package func changeSource(
    _ id: String, of chatbot: ChatbotID, name: String?, isCitable: Bool?, crawl: String?, now: Int
  ) async throws -> KnowledgeSource? {
    try await changes.write { database in
      let find =
        "SELECT * FROM knowledge_sources WHERE id = $1 AND chatbot_id = $2 AND deleted_at IS NULL"
      guard let row = try database.first(find, [id, chatbot.text]) else { return nil }
      let old = KnowledgeSource(row: row)
      try database.change(
        """
        UPDATE knowledge_sources SET name = $1, is_citable = $2, crawl_json = $3, updated_at = $4
        WHERE id = $5
        """,
        [name ?? old.name, isCitable ?? old.isCitable ? 1 : 0, crawl ?? old.crawl, now, id])
      return try database.first(find, [id, chatbot.text]).map(KnowledgeSource.init)
    }
  }

  /// Gives a video captions of its owner's; its site is not asked for them any more.
  ///
  /// - Returns: nil when the chatbot has no such video.
  /// - Throws: `SourceRefusal.storage`.
  package func setCaptions(
    of id: String, chatbot: ChatbotID, path: String, bytes: Int, owner: String, byteLimit: Int,
    now: Int
  ) async throws -> KnowledgeSource? {
    try await changes.write { database in
      let find =
        """
        SELECT * FROM knowledge_sources
        WHERE id = $1 AND chatbot_id = $2 AND source_type = 'video' AND deleted_at IS NULL
        """
      guard let old = try database.first(find, [id, chatbot.text]).map(KnowledgeSource.init) else {
        return nil
      }
      let stored = try Self.storedBytes(of: owner, in: database)
      guard stored - old.bytes + bytes <= byteLimit else {
        throw SourceRefusal.storage(used: stored)
      }
      try database.change(
        "UPDATE knowledge_sources SET file_path = $1, bytes = $2, updated_at = $3 WHERE id = $4",
        [path, bytes, now, id])
      return try database.first(find, [id, chatbot.text]).map(KnowledgeSource.init)
    }
  }

  /// Takes a source out of answers at once; its documents leave with the next generation.
  ///
  /// - Returns: what goes; nil when the chatbot has no such source.
  package func removeSource(
    _ id: String, of chatbot: ChatbotID, now: Int
  ) async throws -> RemovalReceipt? {
    try await changes.write { database in
      let removed = try database.change(
        """
        UPDATE knowledge_sources SET deleted_at = $1, updated_at = $2
        WHERE id = $3 AND chatbot_id = $4 AND deleted_at IS NULL
        """, [now, now, id, chatbot.text])
      guard removed == 1 else { return nil }
      var receipt = RemovalReceipt()
      receipt.sources = 1
      if let counts = try database.first(
        """
        SELECT count(*) AS documents, cast(coalesce(sum(chunks), 0) AS bigint) AS chunks
        FROM documents WHERE source_id = $1
        """, [id])
      {
        receipt.documents = counts["documents"]
        receipt.chunks = counts["chunks"]
      }
      return receipt
    }
  }

  /// Documents of removed sources that a generation may still hold.
  package func removedDocuments(of chatbot: ChatbotID) async throws -> [DocumentID] {
    try await reads.read { database in
      try database.all(
        """
        SELECT d.id AS id FROM documents d JOIN knowledge_sources s ON s.id = d.source_id
        WHERE d.chatbot_id = $1 AND s.deleted_at IS NOT NULL ORDER BY d.id
        """, [chatbot.text]
      ).map { DocumentID(unchecked: $0["id"]) }
    }
  }

  /// Sources none of whose documents is live or on its way: what a run of the changed ones takes.
  package func changedSources(of chatbot: ChatbotID) async throws -> [KnowledgeSource] {
    try await reads.read { database in
      try database.all(
        """
        SELECT s.* FROM knowledge_sources s WHERE s.chatbot_id = $1 AND s.deleted_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM documents d
            WHERE d.source_id = s.id AND d.state <> 'ended')
        ORDER BY s.created_at, s.id
        """, [chatbot.text]
      ).map(KnowledgeSource.init)
    }
  }
}
