// Text as a search compares it: without the difference of large and small letters, in every script that has them. SQLite's own
// lower() knows ASCII alone, so the function is ours; PostgreSQL says the same with a collation of ICU:
// CREATE FUNCTION folded(text) RETURNS text IMMUTABLE AS $$ SELECT lower(upper($1 COLLATE "und-x-icu") COLLATE "und-x-icu") $$,
// and strpos for instr.

import GRDB

/// The function `folded(text)` of statements.
enum Folding {
  static let function = DatabaseFunction("folded", argumentCount: 1, pure: true) { values in
    values.first.flatMap(String.fromDatabaseValue).map(folded)
  }

  /// Through capital letters first: they join what small ones keep apart, the two sigmas, ß and ss.
  static func folded(_ text: String) -> String { text.uppercased().lowercased() }
}
