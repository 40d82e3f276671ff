// Every setting of the reading half: its variable, default and unit, in one place. Read once at start.

import FoundationEssentials

/// Settings from the environment.
package struct Configuration: Sendable {
  /// `BOBBIN_DATA`: database, blobs, shards, models.
  ///
  /// Default `var`.
  package var data: String
  /// `BOBBIN_SPOOL`: the spool's directory.
  ///
  /// Default `spool`.
  package var spool: String
  /// `BOBBIN_HOST`: address to listen on.
  ///
  /// Default 127.0.0.1.
  package var host: String
  /// `BOBBIN_PORT`: port to listen on; 0 lets the system choose.
  ///
  /// Default 8080.
  package var port: Int
  /// `OPENAI_BASE_URL`: an OpenAI-compatible server for answers.
  ///
  /// Default none: the quoting answerer.
  package var modelBaseURL: String?
  /// `OPENAI_API_KEY`: its key.
  package var modelKey: String?
  /// `BOBBIN_CHAT_MODEL`: the model's name there.
  ///
  /// Default gpt-4o-mini.
  package var modelName: String
  /// `BOBBIN_EMBEDDING_BASE_URL`: an OpenAI-compatible server for embeddings.
  ///
  /// Default none: MiniLM in process.
  package var embeddingBaseURL: String?
  /// `BOBBIN_EMBEDDING_MODEL`: the model's name there.
  package var embeddingModel: String
  /// `BOBBIN_EMBEDDING_DIMENSION`: numbers in its vectors.
  package var embeddingDimension: Int
  /// `BOBBIN_IDLE_TIMEOUT`: seconds after which a silent connection is closed.
  ///
  /// Default 30.
  package var idleTimeout: Int

  /// Reads the environment.
  ///
  /// - Throws: `ConfigurationError` naming the variable, the value and what is expected.
  package init(environment: [String: String]) throws(ConfigurationError) {
    func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func number(_ name: String, _ fallback: Int, _ range: ClosedRange<Int>)
      throws(ConfigurationError) -> Int
    {
      guard let value = text(name) else { return fallback }
      guard let number = Int(value), range.contains(number) else {
        throw .notANumber(name: name, value: value, range: range)
      }
      return number
    }
    data = text("BOBBIN_DATA") ?? "var"
    spool = text("BOBBIN_SPOOL") ?? "spool"
    host = text("BOBBIN_HOST") ?? "127.0.0.1"
    port = try number("BOBBIN_PORT", 8080, 0...65_535)
    let key = text("OPENAI_API_KEY")
    modelBaseURL = text("OPENAI_BASE_URL") ?? (key == nil ? nil : "https://api.openai.com")
    modelKey = key
    modelName = text("BOBBIN_CHAT_MODEL") ?? "gpt-4o-mini"
    embeddingBaseURL = text("BOBBIN_EMBEDDING_BASE_URL")
    embeddingModel = text("BOBBIN_EMBEDDING_MODEL") ?? "text-embedding-3-small"
    embeddingDimension = try number("BOBBIN_EMBEDDING_DIMENSION", 1536, 1...16_384)
    idleTimeout = try number("BOBBIN_IDLE_TIMEOUT", 30, 1...3600)
  }

  /// Reads this process's environment.
  package init() throws(ConfigurationError) {
    try self.init(environment: ProcessInfo.processInfo.environment)
  }

  /// The directory of the model's weights.
  package var modelDirectory: String { "\(data)/models/all-MiniLM-L6-v2" }
}

/// A setting that cannot be used.
package enum ConfigurationError: Error, CustomStringConvertible {
  case notANumber(name: String, value: String, range: ClosedRange<Int>)

  package var description: String {
    switch self {
    case .notANumber(let name, let value, let range):
      "\(name)=\(value): expected a whole number from \(range.lowerBound) to \(range.upperBound)"
    }
  }
}
