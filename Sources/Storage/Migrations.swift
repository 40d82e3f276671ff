// The append-only list of schema changes. A change that has landed is never edited; the next one is added below it.

import GRDB

/// Brings a database to the present schema.
enum Migrations {
  /// Tables of API.md's section "Rows" that the main job needs; flags are 0/1, `*_at` are ms since 1970.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 chatbots, sources, runs") { database in
      try database.execute(
        sql: """
          CREATE TABLE chatbots (
            id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, public_url_slug TEXT NOT NULL UNIQUE,
            is_public INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
          CREATE TABLE knowledge_sources (
            id TEXT NOT NULL PRIMARY KEY,
            chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
            source_type TEXT NOT NULL, source_url TEXT, file_path TEXT, name TEXT NOT NULL,
            is_citable INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
          CREATE INDEX knowledge_sources_chatbot ON knowledge_sources(chatbot_id);
          CREATE TABLE runs (
            id TEXT NOT NULL PRIMARY KEY,
            chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
            state TEXT NOT NULL, generation INTEGER, published_at INTEGER,
            started_at INTEGER NOT NULL, finished_at INTEGER);
          CREATE INDEX runs_chatbot ON runs(chatbot_id, state);
          CREATE TABLE run_first_items (
            run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, stage TEXT NOT NULL,
            ordinal INTEGER NOT NULL, content BLOB NOT NULL, published_at INTEGER,
            PRIMARY KEY (run_id, stage, ordinal));
          CREATE TABLE documents (
            id TEXT NOT NULL PRIMARY KEY,
            source_id TEXT NOT NULL REFERENCES knowledge_sources(id) ON DELETE CASCADE,
            chatbot_id TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, title TEXT,
            stage TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, message TEXT,
            tries INTEGER NOT NULL, due_at INTEGER, pages INTEGER NOT NULL, chunks INTEGER NOT NULL,
            tokens INTEGER NOT NULL, created_at INTEGER NOT NULL,
            UNIQUE (source_id, uri));
          CREATE INDEX documents_chatbot ON documents(chatbot_id, state);
          CREATE INDEX documents_run ON documents(run_id);
          CREATE TABLE run_items (
            run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, stage TEXT NOT NULL,
            item TEXT NOT NULL, closed INTEGER NOT NULL, outcome TEXT, tries INTEGER NOT NULL,
            due_at INTEGER, reason TEXT, documents INTEGER NOT NULL DEFAULT 0,
            chunks INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run_id, stage, item));
          """)
    }
    migrator.registerMigration("2 receipts of documents, held work, ages") { database in
      try database.execute(
        sql: """
          CREATE TABLE document_receipts (
            run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, document_id TEXT NOT NULL,
            stage TEXT NOT NULL, item TEXT NOT NULL, outcome TEXT NOT NULL, tries INTEGER NOT NULL,
            outcome_rank INTEGER NOT NULL, due_at INTEGER, reason TEXT, message TEXT,
            pages INTEGER NOT NULL, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL,
            generation INTEGER, created_at INTEGER NOT NULL,
            PRIMARY KEY (run_id, document_id, stage, item));
          ALTER TABLE run_items ADD COLUMN outcome_rank INTEGER NOT NULL DEFAULT -1;
          ALTER TABLE run_items ADD COLUMN is_order INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE run_items ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE run_items ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE runs ADD COLUMN "trigger" TEXT NOT NULL DEFAULT 'train';
          ALTER TABLE runs ADD COLUMN held_generation INTEGER;
          ALTER TABLE runs ADD COLUMN held_reason TEXT;
          ALTER TABLE runs ADD COLUMN removed_json TEXT NOT NULL DEFAULT '[]';
          ALTER TABLE runs ADD COLUMN may_shrink INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE documents ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE documents ADD COLUMN generation INTEGER;
          """)
    }
    return migrator
  }
}
