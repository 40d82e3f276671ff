// The threads that run the encoder, and how a call is divided among them.
//
// A call is cut into slices of texts; a worker tokenizes a slice, packs it into batches without
// padding and shares them out. Calls the size of a query go before everything that is not yet
// running, so a question waits for at most one batch (512 tokens, about 50 ms) and never for a
// document. Own threads: the encoder never runs on Swift's pool. Does not choose kernels and does
// not load files.

import CKernels
import Glibc

/// A set of worker threads around shared weights; they end when this object goes.
final class EncoderWorkers: Sendable {
  /// Something a worker does between two looks at the queue.
  private enum Job: Sendable {
    case tokenize(EmbedRequest, Range<Int>, isUrgent: Bool)
    case run(EmbedRequest, Batch)
  }

  /// Sequences that go through the encoder together.
  struct Batch: Sendable {
    var indices: [Int] = []
    var ids: [Int32] = []
    var lengths: [Int32] = []
  }

  /// A call of at most this many bytes of text is urgent.
  static let urgentByteCount = 1024
  /// Texts tokenized by one job.
  static let sliceCount = 64
  /// Below this many tokens a batch is not divided for the sake of another thread.
  static let leastBatchTokens = 96

  private let lanes = WorkLanes<Job>()
  private let tokenizer: WordPiece
  private let threads: Int

  /// Starts the threads.
  /// - Throws: `kernelFailed` when a thread's scratch cannot be had.
  init(weights: EncoderWeights, tokenizer: WordPiece, threads: Int) throws(EmbeddingError) {
    self.tokenizer = tokenizer
    self.threads = max(1, threads)
    for _ in 0..<self.threads {
      guard let workspace = bobbin_workspace_create(weights.encoder) else {
        lanes.close()
        throw .kernelFailed(
          reason: EncoderWeights.reason(Int32(BOBBIN_ENCODER_NO_MEMORY), rung: weights.rung))
      }
      let worker = Worker(
        weights: weights, workspace: workspace, tokenizer: tokenizer, lanes: lanes,
        threads: self.threads)
      guard WorkerThread.start({ worker.work() }) else {
        lanes.close()
        throw .kernelFailed(reason: "a worker thread could not be started")
      }
    }
  }

  deinit { lanes.close() }

  /// The vectors of the texts, in their order.
  func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    guard !texts.isEmpty else { return [] }
    let lanes = lanes
    let cancellation = Cancellation()
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { waiting in
        let request = EmbedRequest(texts: texts, waiting: waiting)
        cancellation.attach(request)
        // By bytes alone, which bound the work: many short sentences are as quick as a few long ones.
        let isUrgent = texts.reduce(0) { $0 + $1.utf8.count } <= Self.urgentByteCount
        let slices = stride(from: 0, to: texts.count, by: Self.sliceCount).map {
          Job.tokenize(
            request, $0..<min($0 + Self.sliceCount, texts.count), isUrgent: isUrgent)
        }
        lanes.add(slices, isUrgent: isUrgent)
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try answer.get()
  }

  /// Packs token sequences into batches of at most `limit` tokens, long ones first; every sequence
  /// fits one.
  static func batches(_ sequences: [(index: Int, ids: [Int32])], limit: Int) -> [Batch] {
    var batches: [Batch] = []
    for (index, ids) in sequences.sorted(by: { $0.ids.count > $1.ids.count }) {
      // First fit: the longest batch that still has room, so batches are as full as the lengths
      // allow.
      let room = batches.firstIndex { $0.ids.count + ids.count <= limit }
      let place = room ?? batches.count
      if room == nil { batches.append(Batch()) }
      batches[place].indices.append(index)
      batches[place].ids += ids
      batches[place].lengths.append(Int32(truncatingIfNeeded: ids.count))
    }
    return batches
  }

  /// What one thread owns.
  ///
  /// `@unchecked Sendable`: `workspace` is used by the one thread that runs `work` and by deinit,
  /// which comes after; everything else is a Sendable constant.
  private final class Worker: @unchecked Sendable {
    private let weights: EncoderWeights
    private let workspace: OpaquePointer
    private let tokenizer: WordPiece
    private let lanes: WorkLanes<Job>
    private let threads: Int

    init(
      weights: EncoderWeights, workspace: OpaquePointer, tokenizer: WordPiece,
      lanes: WorkLanes<Job>, threads: Int
    ) {
      self.weights = weights
      self.workspace = workspace
      self.tokenizer = tokenizer
      self.lanes = lanes
      self.threads = threads
    }

    deinit { bobbin_workspace_destroy(workspace) }

    func work() {
      while let job = lanes.next() {
        switch job {
        case .tokenize(let request, let range, let isUrgent): tokenize(request, range, isUrgent)
        case .run(let request, let batch): run(request, batch)
        }
      }
    }

    private func tokenize(_ request: EmbedRequest, _ range: Range<Int>, _ isUrgent: Bool) {
      guard request.isWanted else { return request.skip(count: range.count) }
      let sequences = range.map {
        (index: $0, ids: tokenizer.encode(request.texts[$0], limit: Int(BOBBIN_POSITIONS)))
      }
      let tokens = sequences.reduce(0) { $0 + $1.ids.count }
      let share = max(tokens / threads, EncoderWorkers.leastBatchTokens)
      let longest = sequences.reduce(0) { max($0, $1.ids.count) }
      let limit = min(max(share, longest), Int(BOBBIN_BATCH_TOKENS))
      let batches = EncoderWorkers.batches(sequences, limit: limit)
      lanes.add(batches.dropFirst().map { .run(request, $0) }, isUrgent: isUrgent)
      if let first = batches.first { run(request, first) }
    }

    private func run(_ request: EmbedRequest, _ batch: Batch) {
      guard request.isWanted else { return request.skip(count: batch.indices.count) }
      let dimension = Int(BOBBIN_HIDDEN)
      var status: Int32 = 0
      let flat = [Float](unsafeUninitializedCapacity: batch.indices.count * dimension) {
        out, count in
        status = bobbin_encoder_run(
          weights.encoder, workspace, batch.ids, batch.lengths, batch.lengths.count, out.baseAddress
        )
        count = status == 0 ? out.count : 0
      }
      guard status == 0 else {
        let reason = EncoderWeights.reason(status, rung: weights.rung)
        return request.fail(.kernelFailed(reason: reason), count: batch.indices.count)
      }
      let vectors = batch.indices.indices.map { Array(flat[$0 * dimension..<($0 + 1) * dimension]) }
      request.deliver(vectors, at: batch.indices)
    }
  }
}
