// What a stage is to the spool: records in, an outcome for each. Everything else (claiming, batching, publishing,
// receipts, retries) is StageRunner's, written once.

/// What an index order did to the shard, for the receipt.
package enum Generation: Hashable, Sendable {
  /// The generation that answers now.
  case live(Int)
  /// A generation that was built and waits, with the sentence that says why; `reason` when it is not for the owner's word.
  case held(Int, message: String, reason: String? = nil)
}

/// What is left of a record's work: it becomes an item of the same stage, published with the outputs.
package struct Onward: Sendable {
  /// The record, encoded, of the schema that the item had; empty when nothing is left and only the counts are told.
  package let record: [UInt8]
  /// When it shall be taken up at the earliest, in milliseconds from now, and why it waits; nil: at once.
  package let pause: Pause?
  /// What was counted on the way, for the receipt.
  package let counts: [String: Int]
  /// The item that already stands for what is left: it is named in the receipt and not published again.
  package let publishedAs: String?

  /// Why work waits.
  package struct Pause: Sendable {
    package let milliseconds: Int
    package let reason: String
    package let message: String

    package init(milliseconds: Int, reason: String, message: String) {
      self.milliseconds = milliseconds
      self.reason = reason
      self.message = message
    }
  }

  package init(
    record: [UInt8], pause: Pause? = nil, counts: [String: Int] = [:], publishedAs: String? = nil
  ) {
    self.record = record
    self.pause = pause
    self.counts = counts
    self.publishedAs = publishedAs
  }
}

/// How one record ended.
package enum Outcome<Output: Sendable>: Sendable {
  /// Success: what the record became, and what the receipt says of its documents.
  ///
  /// `onward` is what is left to do, as an item of the same stage.
  case done(
    [Output], [Receipt.Document], generation: Generation? = nil, onward: Onward? = nil)
  /// Not now: tried again later.
  ///
  /// `notBefore` is the other side's wish in milliseconds from now.
  case retry(reason: String, message: String, notBefore: Int? = nil)
  /// Never: the record ends here with its reason, its neighbours go on.
  case gone(reason: String, message: String)
}

/// One step of the pipeline.
package protocol Stage: Sendable {
  associatedtype Input: Codable & Sendable
  associatedtype Output: Codable & Sendable
  /// The stage's one name: directory, log label, receipt.
  static var name: String { get }
  /// Raised when its output for the same input changes.
  static var version: Int { get }
  /// Schemas of the records it reads.
  static var inputSchemas: [String] { get }
  /// Where its outputs go; nil for the last stage.
  static var next: NextStage? { get }

  /// The document a record belongs to, as the receipt names it.
  func document(of input: Input) -> String

  /// Does the work of one item.
  ///
  /// - Returns: one outcome a record, in order.
  /// - Throws: `StageFault` when the machine or the configuration is at fault (the item is given back untried); anything
  ///   else counts as a try of the whole item.
  func process(_ records: [Input], of envelope: Envelope) async throws -> [Outcome<Output>]
}

/// The receiver of a stage's outputs.
package struct NextStage: Sendable {
  package let stage: String
  package let schema: String

  package init(stage: String, schema: String) {
    self.stage = stage
    self.schema = schema
  }
}

/// A fault of the machine or its configuration, not of the item.
package struct StageFault: Error, Sendable, CustomStringConvertible {
  /// What, where, what now.
  package let description: String
  /// 75 try again later, 78 only a changed configuration helps (sysexits).
  package let exitCode: Int32

  package init(_ description: String, exitCode: Int32) {
    self.description = description
    self.exitCode = exitCode
  }
}
