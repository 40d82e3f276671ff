// Every limit of extraction, as numbers only. What enforces them stands beside the thing limited: sizes in the readers,
// time and memory in the sandboxed child.

/// The limits of reading one document.
package struct ExtractionLimits: Codable, Sendable, Equatable {
  /// Largest file in bytes.
  package var maxBytes = 25 << 20
  /// Largest text out in UTF-8 bytes.
  package var maxTextBytes = 20 << 20
  /// Most pages of a PDF.
  package var maxPages = 5_000
  /// Most entries of a container.
  package var maxEntries = 10_000
  /// Most inflated bytes of a container, declared and actual.
  package var maxInflatedBytes = 200 << 20
  /// Most inflated bytes for one packed byte, once `freeInflatedBytes` have come out.
  package var maxInflationRatio = 200
  /// Inflated bytes before the ratio counts.
  package var freeInflatedBytes = 1 << 20
  /// Address space of the child in bytes.
  package var addressSpaceBytes = 1 << 30
  /// Processor time of the child.
  package var cpuSeconds = 20
  /// Wall clock of the child.
  package var wallSeconds = 60
  /// Largest file the child may write, in bytes.
  package var writtenFileBytes = 64 << 20
  /// Most processes of the child's user.
  package var processes = 64
  /// Most open files of the child.
  package var openFiles = 64
  /// Most bytes of the child's answer.
  package var maxAnswerBytes = 64 << 20

  package init() {}
}
