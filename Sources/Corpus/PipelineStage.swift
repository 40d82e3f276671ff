// The stages of ingestion by name, in the order in which an item passes them.

/// A stage of the pipeline.
package enum PipelineStage: String, CaseIterable, Sendable {
  case fetch, extract, chunk, embed, index

  /// The names of all stages, first to last.
  package static let names = allCases.map(\.rawValue)
}
