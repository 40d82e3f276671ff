// Which passages say what a better one has said already: the same text in another document, or mostly the same stretch of
// the same document. Chunks overlap by 200 of 1000, which is kept; half and more is not.
//
// Relies on Corpus. Compares words, not meaning: two papers on one subject both stay.

import Corpus

/// Remembers what was admitted.
struct DuplicateFilter {
  /// A passage this much of whose words, or of whose stretch, stands in an admitted one is dropped; THRESHOLD.md.
  static let mostShared = 0.5
  /// Words in a row that must be alike to count as copied.
  private static let runLength = 4

  private struct Admitted {
    let document: DocumentID
    let span: Range<Int>
    let runs: Set<Int>
  }

  private let mostShared: Double
  private var admitted: [Admitted] = []

  /// - Parameter mostShared: replaced when the number is set on data.
  init(mostShared: Double = DuplicateFilter.mostShared) { self.mostShared = mostShared }

  /// Whether the passage says something new; if so, it is remembered.
  mutating func admits(_ citable: Citable, offset: Int) -> Bool {
    let start = max(0, offset)
    let (end, overflow) = start.addingReportingOverflow(citable.text.unicodeScalars.count)
    let span = start..<(overflow ? Int.max : end)
    let document = citable.description.document
    let runs = Self.runs(of: citable.text)
    for earlier in admitted {
      if earlier.document == document {
        let shared = earlier.span.clamped(to: span).count
        let shorter = min(earlier.span.count, span.count)
        if Double(shared) > Double(shorter) * mostShared { return false }
      } else if !runs.isEmpty {
        let shared = runs.intersection(earlier.runs).count
        if Double(shared) > Double(runs.count) * mostShared { return false }
      }
    }
    admitted.append(Admitted(document: document, span: span, runs: runs))
    return true
  }

  /// Digests of all runs of words, or of the whole text when it is shorter than a run.
  private static func runs(of text: String) -> Set<Int> {
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
    guard words.count > runLength else { return words.isEmpty ? [] : [words.hashValue] }
    return Set((0...words.count - runLength).map { words[$0..<$0 + runLength].hashValue })
  }
}
