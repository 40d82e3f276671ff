// Loads the embedding model when the first question comes, once, on a thread of its own: a server that nobody asks stays
// small and starts at once.

package import Embedding
import Dispatch
import WebClient

/// The embedder of the configuration, made at first use.
package actor LazyEmbedder {
  /// Two questions at a time; more threads cost memory that a small server does not have.
  private static let threads = 2

  private let make: @Sendable () async throws -> Embedder
  private var loading: Task<Embedder, any Error>?

  package init(make: @escaping @Sendable () async throws -> Embedder) { self.make = make }

  /// The embedder the configuration asks for.
  package init(_ configuration: Configuration) {
    self.init {
      guard let base = configuration.embeddingBaseURL else {
        return try await Self.onOwnThread {
          try MiniLM.load(directory: configuration.modelDirectory, threads: Self.threads)
        }
      }
      return try await RemoteEmbedder.make(
        base: base, key: configuration.modelKey, model: configuration.embeddingModel,
        dimension: configuration.embeddingDimension, transport: .curl(.configured))
    }
  }

  /// The embedder; those who ask while it loads wait for the same one.
  ///
  /// A failure is not kept: the next question tries again.
  package func embedder() async throws -> Embedder {
    if let loading { return try await loading.value }
    let make = make
    let task = Task { try await make() }
    loading = task
    do {
      return try await task.value
    } catch {
      loading = nil
      throw error
    }
  }

  /// Loading reads 90 MB and packs them: not on the cooperative pool.
  private static func onOwnThread(
    _ load: @escaping @Sendable () throws -> Embedder
  ) async throws -> Embedder {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "model").async { continuation.resume(with: Result(catching: load)) }
    }
  }
}
