// What rows know of a crawl: pages to be asked for again, pages that leave, and what became of each address in a run.

package import Corpus
import FoundationEssentials
import GRDB

/// A web source with when it was last looked at.
package struct ReadSource: Sendable {
  package let source: KnowledgeSource
  /// When the last of its documents changed its state, milliseconds since 1970 UTC.
  package let readAt: Int
  package let documents: Int
}

/// A document that an answer may come from, as far as asking for it again goes.
package struct KnownDocument: Sendable {
  package let id: String
  package let source: SourceID
  package let uri: String
  package let depth: Int
  package let etag: String?
  package let lastModified: String?
  /// The raw bytes that these belong to, `sha256:…`.
  package let rawDigest: String?
  /// Whether what was read last is what answers.
  package let isLive: Bool
  /// When it was asked for last and there was an answer, milliseconds since 1970 UTC.
  package let readAt: Int?
}

/// What became of one address in one run.
package struct AddressOutcome: Sendable {
  package let document: String
  package let source: String
  package let uri: String
  package let title: String?
  package let depth: Int?
  /// A document's state.
  package let state: String
  package let stage: String
  package let reason: String?
  package let message: String?
  package let leadsTo: String?
  package let httpStatus: Int?
  package let tries: Int
  package let due: Int?
  package let chunks: Int
  /// Whether the run that met the address before this one has read it, or found it unchanged.
  package let wasRead: Bool
}

extension AppDatabase {
  /// Reasons for which a page leaves as soon as it is met: its site, or its owner, says so.
  private static let leavesAtOnce: Set<String> = [
    "noindex", "robots", "excluded", "outside", "other_kind",
  ]
  /// Reasons for which a page leaves when two runs in a row have met them: one may be a site's bad day.
  private static let leavesWhenSeenTwice: Set<String> = [
    "http_404", "http_410", "soft_404", "redirected", "redirect_out", "canonical", "duplicate",
  ]

  /// Documents of a run that are in the generation that answers, or for which one of its documents stands, and shall not be in the
  /// next.
  package func leavingDocuments(of run: RunID) async throws -> [DocumentID] {
    try await reads.read { database in
      try Self.leavingDocuments(of: run.text, in: database).map { DocumentID(unchecked: $0) }
    }
  }

  private static func leavingDocuments(
    of run: String, in database: Database
  ) throws -> [String] {
    let ended = try database.all(
      """
      SELECT d.id AS id, d.reason AS reason FROM documents d
        JOIN knowledge_sources s ON s.id = d.source_id
      WHERE d.run_id = $1 AND d.state = 'ended'
        AND (d.generation IS NOT NULL OR d.alias_of IS NOT NULL) AND s.source_url IS NOT NULL ORDER BY d.id
      """, [run])
    return try ended.compactMap { row in
      let id: String = row["id"]
      let reason: String = row["reason"] ?? ""
      if leavesAtOnce.contains(reason) { return id }
      guard leavesWhenSeenTwice.contains(reason) else { return nil }
      let before = try database.all(
        """
        SELECT reason FROM document_receipts
        WHERE document_id = $1 AND stage = 'fetch' AND outcome = 'gone' AND run_id = (
          SELECT max(run_id) FROM document_receipts
          WHERE document_id = $2 AND stage = 'fetch' AND run_id < $3)
        """, [id, id, run])
      return before.contains { leavesWhenSeenTwice.contains($0["reason"] ?? "") } ? id : nil
    }
  }

  /// Documents of web sources that a generation holds, and those for which one of its documents stands.
  package func knownDocuments(of chatbot: ChatbotID) async throws -> [KnownDocument] {
    try await reads.read { database in
      try database.all(
        """
        SELECT d.id, d.source_id, d.uri, d.depth, d.etag, d.last_modified, d.raw_digest, d.state,
          d.reason, d.read_at
        FROM documents d JOIN knowledge_sources s ON s.id = d.source_id
        WHERE d.chatbot_id = $1 AND (d.generation IS NOT NULL OR d.alias_of IS NOT NULL)
          AND s.source_url IS NOT NULL
        ORDER BY d.source_id, d.uri, d.id
        """, [chatbot.text]
      ).map { row in
        KnownDocument(
          id: row["id"], source: SourceID(unchecked: row["source_id"]), uri: row["uri"],
          depth: row["depth"] ?? 0, etag: row["etag"], lastModified: row["last_modified"],
          rawDigest: row["raw_digest"],
          isLive: row["state"] as String == "live" || row["reason"] as String? == Alias.reason,
          readAt: row["read_at"])
      }
    }
  }

  /// How many runs in a row, the last ones, have found nothing new in a source and no trouble either.
  ///
  /// - Parameter limit: runs that are looked at.
  package func quietRuns(of source: SourceID, limit: Int = 16) async throws -> Int {
    try await reads.read { database in
      let runs = try database.all(
        """
        SELECT r.run_id, max(CASE WHEN r.stage = 'fetch' AND r.reason = $1 OR r.stage = 'extract'
            AND r.reason = $2 THEN 1 ELSE 0 END) AS unchanged,
          max(CASE WHEN r.stage = 'index' OR r.outcome IN ('failed', 'retry') THEN 1 ELSE 0 END) AS other
        FROM document_receipts r JOIN documents d ON d.id = r.document_id
        WHERE d.source_id = $3 GROUP BY r.run_id ORDER BY r.run_id DESC LIMIT $4
        """, [DocumentState.unchanged, DocumentState.unchanged, source.text, limit])
      return runs.prefix { $0["unchanged"] as Int == 1 && $0["other"] as Int == 0 }.count
    }
  }

  /// Web sources of all chatbots that no open run is at work on, the longest unread first.
  package func readWebSources() async throws -> [ReadSource] {
    try await reads.read { database in
      try database.all(
        """
        SELECT s.*, max(d.changed_at) AS read_at, count(d.id) AS documents
        FROM knowledge_sources s JOIN documents d ON d.source_id = s.id
          JOIN chatbots c ON c.id = s.chatbot_id LEFT JOIN users u ON u.id = c.user_id
        WHERE c.deleted_at IS NULL AND coalesce(u.disabled, 0) = 0 AND s.source_url IS NOT NULL
          AND s.file_path IS NULL AND s.deleted_at IS NULL AND coalesce(d.reason, '') <> 'removed'
          AND NOT EXISTS (SELECT 1 FROM documents o JOIN runs r ON r.id = o.run_id
            WHERE o.source_id = s.id AND r.state IN ('running', 'held'))
        GROUP BY s.id ORDER BY read_at, s.id
        """
      ).map {
        ReadSource(
          source: KnowledgeSource(row: $0), readAt: $0["read_at"], documents: $0["documents"])
      }
    }
  }

  /// What became of each web address in a run, by address.
  package func addresses(of run: RunID) async throws -> [AddressOutcome] {
    try await addresses("r.run_id = $1", run.text)
  }

  /// What became of each web address of a source when it was last read, by address.
  package func addresses(ofSource source: SourceID) async throws -> [AddressOutcome] {
    try await addresses("r.run_id = d.run_id AND d.source_id = $1", source.text)
  }

  private func addresses(_ which: String, _ id: String) async throws -> [AddressOutcome] {
    try await reads.read { database in
      let rows = try database.all(
        """
        SELECT r.*, d.uri AS uri, d.source_id AS source_id, d.depth AS depth,
          s.source_url AS source_url,
          EXISTS (SELECT 1 FROM document_receipts p
            WHERE p.document_id = r.document_id AND p.run_id = (
              SELECT max(q.run_id) FROM document_receipts q
              WHERE q.document_id = r.document_id AND q.run_id < r.run_id)
              AND (p.reason = 'unchanged' OR (p.outcome = 'done' AND p.generation IS NOT NULL)))
            AS was_read,
          CASE d.run_id WHEN r.run_id THEN d.alias_uri END AS alias_uri
        FROM document_receipts r JOIN documents d ON d.id = r.document_id
          JOIN knowledge_sources s ON s.id = d.source_id
        WHERE \(which) AND s.source_url IS NOT NULL ORDER BY d.uri, d.id, r.created_at
        """, [id])
      var outcomes: [AddressOutcome] = []
      var next = rows.startIndex
      while next < rows.endIndex {
        let first = rows[next]
        let id: String = first["document_id"]
        let own = rows[next...].prefix { $0["document_id"] == id }
        next = own.endIndex
        outcomes.append(Self.outcome(id, own.map(DocumentReceipt.init(row:)), first))
      }
      return outcomes
    }
  }

  private static func outcome(
    _ id: String, _ receipts: [DocumentReceipt], _ row: Row
  ) -> AddressOutcome {
    let state = DocumentState(receipts)
    let fetched = receipts.last { $0.stage == "fetch" }
    // Of a page that has not changed the run says no more; which one stands for it, its row does.
    let aliasURI: String? = state.reason == DocumentState.unchanged ? row["alias_uri"] : nil
    let keeper = aliasURI ?? receipts.last { $0.stage == "index" && $0.leadsTo != nil }?.leadsTo
    let uri: String = row["uri"]
    let isAddress = uri.hasPrefix("http://") || uri.hasPrefix("https://")
    return AddressOutcome(
      document: id, source: row["source_id"],
      // The source's own document is called as its owner calls the source.
      uri: isAddress ? uri : row["source_url"] ?? uri, title: state.title, depth: row["depth"],
      state: state.name, stage: state.stage, reason: aliasURI == nil ? state.reason : Alias.reason,
      message: aliasURI == nil ? state.message : Alias.message,
      leadsTo: keeper ?? fetched?.leadsTo, httpStatus: fetched?.httpStatus, tries: state.tries,
      due: state.due, chunks: state.chunks ?? 0,
      wasRead: row["was_read"] == 1)
  }

  /// What stages have counted in a run, by its name: addresses of a crawl that were not followed.
  ///
  /// `crawl_broken` counts parts of crawls that failed, with whatever they would have led to.
  package func counts(of run: RunID) async throws -> [String: Int] {
    try await reads.read { database in
      var sums: [String: Int] = [:]
      let rows = try database.all(
        "SELECT counts_json FROM run_items WHERE run_id = $1 AND counts_json <> '{}'", [run.text])
      for row in rows {
        let counts = try JSONDecoder().decode(
          [String: Int].self, from: Data((row["counts_json"] as String).utf8))
        sums.merge(counts, uniquingKeysWith: +)
      }
      // A part of a crawl that came to nothing is no page's; what it would have read nobody knows.
      let broken = try database.number(
        """
        SELECT count(*) FROM document_receipts WHERE run_id = $1 AND stage = 'fetch'
          AND document_id = '' AND outcome = 'failed'
        """, [run.text])
      if broken > 0 { sums["crawl_broken"] = broken }
      return sums
    }
  }
}
