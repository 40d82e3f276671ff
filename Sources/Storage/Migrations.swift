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
    migrator.registerMigration("3 accounts, conversations, limits") { database in
      try database.execute(sql: accounts)
    }
    migrator.registerMigration("4 answers: models, privacy, evaluation") { database in
      try database.execute(sql: answers)
    }
    migrator.registerMigration("5 pages: suggested questions, leads") { database in
      try database.execute(sql: pages)
    }
    migrator.registerMigration("6 CRMs: messages to them, contacts of them") { database in
      try database.execute(sql: contacts)
    }
    migrator.registerMigration("7 billing: Stripe events, subscriptions") { database in
      try database.execute(sql: billing)
    }
    migrator.registerMigration("8 pages that a crawl finds") { database in
      try database.execute(sql: crawls)
    }
    migrator.registerMigration("9 pages for which another one stands, when pages were read") {
      database in
      try database.execute(sql: aliases)
    }
    migrator.registerMigration("10 tokens of a day: written, embedded") { database in
      try database.execute(sql: tokenKinds)
    }
    migrator.registerMigration("11 limits without an index of their times") { database in
      try database.execute(sql: limitTimes)
    }
    return migrator
  }
  /// Each question moves three times in it, which was a fifth of what its commit wrote; a sweep every hour reads the table as well.
  private static let limitTimes = "DROP INDEX rate_limits_next;"
  private static let tokenKinds = """
    ALTER TABLE usage_days ADD COLUMN tokens_out INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE usage_days ADD COLUMN tokens_embedded INTEGER NOT NULL DEFAULT 0;
    UPDATE usage_days SET tokens_out = (SELECT coalesce(sum(m.tokens_out), 0) FROM messages m
        JOIN conversations c ON c.id = m.conversation_id
      WHERE c.chatbot_id = usage_days.chatbot_id AND m.created_at >= usage_days.day * 86400000
        AND m.created_at < (usage_days.day + 1) * 86400000)
      WHERE tokens > 0;
    """
  private static let aliases = """
    ALTER TABLE documents ADD COLUMN alias_of TEXT;
    ALTER TABLE documents ADD COLUMN alias_uri TEXT;
    ALTER TABLE documents ADD COLUMN read_at INTEGER;
    CREATE INDEX documents_alias ON documents(alias_of);
    """
  private static let crawls = """
    ALTER TABLE documents ADD COLUMN leads_to TEXT;
    ALTER TABLE documents ADD COLUMN http_status INTEGER;
    ALTER TABLE documents ADD COLUMN depth INTEGER;
    ALTER TABLE documents ADD COLUMN etag TEXT;
    ALTER TABLE documents ADD COLUMN last_modified TEXT;
    ALTER TABLE documents ADD COLUMN raw_digest TEXT;
    ALTER TABLE document_receipts ADD COLUMN title TEXT;
    ALTER TABLE document_receipts ADD COLUMN leads_to TEXT;
    ALTER TABLE document_receipts ADD COLUMN http_status INTEGER;
    ALTER TABLE run_items ADD COLUMN counts_json TEXT NOT NULL DEFAULT '{}';
    CREATE INDEX document_receipts_document ON document_receipts(document_id, run_id);
    """
  private static let contacts = """
    ALTER TABLE chatbots ADD COLUMN crm_secret_version INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE chatbots ADD COLUMN crm_rotated_at INTEGER;
    ALTER TABLE chatbots ADD COLUMN crm_disabled_at INTEGER;
    ALTER TABLE chatbots ADD COLUMN crm_disabled_why TEXT;
    ALTER TABLE chatbots ADD COLUMN crm_in_version INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE chatbots ADD COLUMN crm_in_rotated_at INTEGER;
    ALTER TABLE leads ADD COLUMN consent_text TEXT;
    CREATE TABLE webhook_deliveries (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      lead_id TEXT REFERENCES leads(id) ON DELETE CASCADE, payload TEXT NOT NULL,
      state TEXT NOT NULL, tries INTEGER NOT NULL, next_at INTEGER NOT NULL, last_status INTEGER,
      last_error TEXT, milliseconds INTEGER, sent_at INTEGER, created_at INTEGER NOT NULL);
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries(state, next_at, chatbot_id);
    CREATE INDEX webhook_deliveries_chatbot ON webhook_deliveries(chatbot_id, state, next_at);
    CREATE INDEX webhook_deliveries_made ON webhook_deliveries(chatbot_id, created_at, id);
    CREATE INDEX webhook_deliveries_lead ON webhook_deliveries(lead_id);
    CREATE TABLE webhook_receipts (
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE, event_id TEXT NOT NULL,
      created_at INTEGER NOT NULL, PRIMARY KEY (chatbot_id, event_id));
    CREATE INDEX webhook_receipts_age ON webhook_receipts(created_at);
    CREATE TABLE contacts (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      external_id TEXT NOT NULL, email TEXT, name TEXT, phone TEXT, fields_json TEXT NOT NULL,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, UNIQUE (chatbot_id, external_id));
    CREATE INDEX contacts_email ON contacts(chatbot_id, email);
    CREATE INDEX contacts_made ON contacts(chatbot_id, created_at, id);
    CREATE TABLE visitor_addresses (
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      session_id TEXT NOT NULL, email TEXT NOT NULL, code_hash BLOB, tries INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, proved_at INTEGER, created_at INTEGER NOT NULL,
      PRIMARY KEY (chatbot_id, session_id));
    CREATE INDEX visitor_addresses_age ON visitor_addresses(created_at);
    """
  private static let billing = """
    ALTER TABLE users ADD COLUMN paid_from INTEGER;
    ALTER TABLE users ADD COLUMN paid_until INTEGER;
    ALTER TABLE users ADD COLUMN downgraded_at INTEGER;
    CREATE TABLE stripe_events (
      id TEXT NOT NULL PRIMARY KEY, type TEXT NOT NULL, livemode INTEGER NOT NULL,
      occurred_at INTEGER NOT NULL, payload TEXT NOT NULL, processed_at INTEGER NOT NULL,
      outcome TEXT NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX stripe_events_created ON stripe_events(created_at);
    CREATE INDEX stripe_events_outcome ON stripe_events(outcome);
    CREATE TABLE subscriptions (
      id TEXT NOT NULL PRIMARY KEY, user_id TEXT REFERENCES users(id) ON DELETE CASCADE,
      customer TEXT NOT NULL, price TEXT NOT NULL, tier TEXT NOT NULL, status TEXT NOT NULL,
      is_over INTEGER NOT NULL, quantity INTEGER NOT NULL, period_start INTEGER NOT NULL,
      period_end INTEGER NOT NULL, cancel_at_period_end INTEGER NOT NULL, past_due_at INTEGER,
      read_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
    CREATE INDEX subscriptions_user ON subscriptions(user_id);
    CREATE INDEX subscriptions_customer ON subscriptions(customer);
    CREATE INDEX subscriptions_past_due ON subscriptions(past_due_at);
    """
  private static let pages = """
    ALTER TABLE chatbots ADD COLUMN suggested_questions_json TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE leads (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      conversation_id TEXT REFERENCES conversations(id) ON DELETE SET NULL,
      session_id TEXT NOT NULL, email TEXT NOT NULL, name TEXT, phone TEXT, note TEXT,
      consent_at INTEGER NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX leads_chatbot ON leads(chatbot_id, created_at);
    CREATE INDEX leads_session ON leads(chatbot_id, session_id);
    CREATE INDEX leads_conversation ON leads(conversation_id);
    """
  private static let answers = """
    ALTER TABLE messages ADD COLUMN prompt_sources_json TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE messages ADD COLUMN gated INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN model TEXT;
    ALTER TABLE messages ADD COLUMN tokens_in INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN tokens_out INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN guidance_digest TEXT;
    ALTER TABLE messages ADD COLUMN trace_json TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE chatbots ADD COLUMN quality_gate_json TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE runs ADD COLUMN gate_json TEXT;
    CREATE TABLE guidance_lines (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      source_id TEXT REFERENCES knowledge_sources(id) ON DELETE CASCADE, text TEXT NOT NULL,
      text_hash BLOB NOT NULL, source_digest TEXT, state TEXT NOT NULL, approved_by TEXT,
      approved_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
    CREATE INDEX guidance_lines_chatbot ON guidance_lines(chatbot_id, state);
    CREATE TABLE leak_tests (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      "against" TEXT NOT NULL, state TEXT NOT NULL, result_json TEXT, finished_at INTEGER,
      created_at INTEGER NOT NULL);
    CREATE INDEX leak_tests_chatbot ON leak_tests(chatbot_id, created_at);
    CREATE TABLE golden_questions (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
      question TEXT NOT NULL, history_json TEXT NOT NULL DEFAULT '[]',
      source_id TEXT REFERENCES knowledge_sources(id) ON DELETE CASCADE, expected TEXT,
      no_answer INTEGER NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX golden_questions_chatbot ON golden_questions(chatbot_id, ordinal);
    """
  private static let accounts = """
    CREATE TABLE users (
      id TEXT NOT NULL PRIMARY KEY, email TEXT NOT NULL UNIQUE, email_verified INTEGER NOT NULL,
      password_hash TEXT, google_id TEXT UNIQUE, stripe_customer_id TEXT UNIQUE, name TEXT NOT NULL,
      plan_tier TEXT NOT NULL, message_quota INTEGER, token_epoch INTEGER NOT NULL,
      is_admin INTEGER NOT NULL, disabled INTEGER NOT NULL, left_at INTEGER,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
    CREATE TABLE refresh_tokens (
      id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
      family_id TEXT NOT NULL, token_hash BLOB NOT NULL UNIQUE, client TEXT NOT NULL,
      expires_at INTEGER NOT NULL, used_at INTEGER, revoked_at INTEGER, created_at INTEGER NOT NULL);
    CREATE INDEX refresh_tokens_family ON refresh_tokens(family_id);
    CREATE INDEX refresh_tokens_user ON refresh_tokens(user_id);
    CREATE TABLE reset_tokens (
      id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
      purpose TEXT NOT NULL, email TEXT NOT NULL, token_hash BLOB NOT NULL UNIQUE,
      expires_at INTEGER NOT NULL, used_at INTEGER, created_at INTEGER NOT NULL);
    CREATE INDEX reset_tokens_user ON reset_tokens(user_id, purpose);
    CREATE TABLE api_keys (
      id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
      name TEXT NOT NULL, prefix TEXT NOT NULL, key_hash BLOB NOT NULL UNIQUE, last_used_at INTEGER,
      revoked_at INTEGER, created_at INTEGER NOT NULL);
    CREATE INDEX api_keys_user ON api_keys(user_id);
    ALTER TABLE chatbots ADD COLUMN user_id TEXT REFERENCES users(id) ON DELETE CASCADE;
    ALTER TABLE chatbots ADD COLUMN description TEXT NOT NULL DEFAULT '';
    ALTER TABLE chatbots ADD COLUMN welcome_text TEXT NOT NULL DEFAULT '';
    ALTER TABLE chatbots ADD COLUMN no_answer_text TEXT NOT NULL DEFAULT '';
    ALTER TABLE chatbots ADD COLUMN busy_text TEXT NOT NULL DEFAULT '';
    ALTER TABLE chatbots ADD COLUMN allowed_domains_json TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE chatbots ADD COLUMN lead_form_json TEXT NOT NULL
      DEFAULT '{"enabled":false,"fields":["name"],"after_messages":3}';
    ALTER TABLE chatbots ADD COLUMN privacy_mode TEXT NOT NULL DEFAULT 'strict';
    ALTER TABLE chatbots ADD COLUMN crm_webhook_url TEXT;
    ALTER TABLE chatbots ADD COLUMN daily_message_cap INTEGER;
    ALTER TABLE chatbots ADD COLUMN monthly_token_cap INTEGER;
    ALTER TABLE chatbots ADD COLUMN retention_days INTEGER;
    ALTER TABLE chatbots ADD COLUMN deleted_at INTEGER;
    CREATE INDEX chatbots_user ON chatbots(user_id, created_at);
    ALTER TABLE knowledge_sources ADD COLUMN content_digest TEXT;
    ALTER TABLE knowledge_sources ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE knowledge_sources ADD COLUMN crawl_json TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE knowledge_sources ADD COLUMN deleted_at INTEGER;
    CREATE TABLE conversations (
      id TEXT NOT NULL PRIMARY KEY,
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE,
      session_id TEXT NOT NULL, channel TEXT NOT NULL, origin TEXT, messages INTEGER NOT NULL,
      last_message_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
      UNIQUE (chatbot_id, session_id));
    CREATE INDEX conversations_latest ON conversations(chatbot_id, last_message_at);
    CREATE INDEX conversations_created ON conversations(chatbot_id, created_at, id);
    CREATE TABLE messages (
      id TEXT NOT NULL PRIMARY KEY,
      conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
      role TEXT NOT NULL, content TEXT NOT NULL, answered INTEGER, mode TEXT, generation INTEGER,
      milliseconds INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
    CREATE INDEX messages_conversation ON messages(conversation_id, created_at);
    CREATE TABLE sources_used (
      message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE, n INTEGER NOT NULL,
      source_id TEXT NOT NULL REFERENCES knowledge_sources(id) ON DELETE CASCADE,
      is_citable INTEGER NOT NULL CHECK (is_citable = 1), citation_json TEXT NOT NULL,
      reference TEXT NOT NULL, PRIMARY KEY (message_id, n));
    CREATE INDEX sources_used_source ON sources_used(source_id);
    CREATE TABLE feedback (
      message_id TEXT NOT NULL PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
      value INTEGER NOT NULL, comment TEXT, created_at INTEGER NOT NULL);
    CREATE TABLE usage_periods (
      user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE, period_start INTEGER NOT NULL,
      period_end INTEGER NOT NULL, messages_used INTEGER NOT NULL, limited INTEGER NOT NULL,
      tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, tokens_embedded INTEGER NOT NULL,
      created_at INTEGER NOT NULL, PRIMARY KEY (user_id, period_start));
    CREATE TABLE usage_days (
      chatbot_id TEXT NOT NULL REFERENCES chatbots(id) ON DELETE CASCADE, day INTEGER NOT NULL,
      messages INTEGER NOT NULL, answered INTEGER NOT NULL, limited INTEGER NOT NULL,
      tokens INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (chatbot_id, day));
    CREATE TABLE rate_limits (
      scope TEXT NOT NULL PRIMARY KEY, next_at INTEGER NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX rate_limits_next ON rate_limits(next_at);
    CREATE TABLE idempotency_keys (
      caller TEXT NOT NULL, name TEXT NOT NULL, request_digest BLOB NOT NULL, status INTEGER,
      head TEXT, body BLOB, expires_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
      PRIMARY KEY (caller, name));
    CREATE TABLE notices (
      id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
      kind TEXT NOT NULL, subject TEXT NOT NULL, sent_at INTEGER, created_at INTEGER NOT NULL,
      UNIQUE (user_id, kind, subject));
    CREATE TABLE audit_log (
      id TEXT NOT NULL PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE, at INTEGER NOT NULL, actor_id TEXT, actor TEXT NOT NULL,
      action TEXT NOT NULL, object TEXT NOT NULL, object_id TEXT, detail_json TEXT NOT NULL,
      previous_hash BLOB NOT NULL, hash BLOB NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX audit_log_at ON audit_log(at);
    """
}
