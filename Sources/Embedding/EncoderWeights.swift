// The packed weights of MiniLM behind the C encoder: loaded once, then shared by every worker.
//
// Relies on SafetensorsFile for checked pointers and on CKernels for the arithmetic. Packing copies
// the matrices (as bf16: 21 MB), after which the file's pages are let go; only the word table is
// read from the map again. Does not verify the file's digest: see MiniLM.verify.

import CKernels

/// An encoder ready to run.
///
/// `@unchecked Sendable`: bobbin_encoder is written by bobbin_encoder_create only and read-only
/// until the destroy in deinit; `map` keeps the word table alive as long; all stored properties are
/// constants.
final class EncoderWeights: @unchecked Sendable {
  let encoder: OpaquePointer
  /// Which instructions run it.
  let rung: KernelRung
  private let map: MappedWeights

  /// Packs the weights of a checked file for a rung.
  /// - Throws: `modelDamaged` when a tensor is missing or has the wrong shape or a number that is not finite,
  ///   `kernelFailed` when this machine lacks the rung or the memory.
  init(file: SafetensorsFile, rung: KernelRung) throws(EmbeddingError) {
    var ranges: [Range<Int>] = []
    for (name, shape) in EncoderWeights.expected {
      ranges.append(try file.checkFloats(name, shape: shape).range)
    }
    var status = Int32(BOBBIN_ENCODER_NO_MEMORY)
    let created = file.map.withBytes { bytes in
      let tensors = ranges.map { range in
        bytes.baseAddress.map { ($0 + range.lowerBound).assumingMemoryBound(to: Float.self) }
      }
      return bobbin_encoder_create(tensors, rung.rawValue, &status)
    }
    file.map.dropResidentPages()
    guard let created else {
      if Int(status) == BOBBIN_ENCODER_NOT_FINITE {
        throw .modelDamaged(path: file.path, reason: "a weight is not a finite number")
      }
      throw .kernelFailed(reason: EncoderWeights.reason(status, rung: rung))
    }
    encoder = created
    self.rung = rung
    map = file.map
  }

  deinit { bobbin_encoder_destroy(encoder) }

  /// What a status of the encoder means to a person.
  static func reason(_ status: Int32, rung: KernelRung) -> String {
    switch Int(status) {
    case BOBBIN_ENCODER_NO_MEMORY: "not enough memory for the \(rung.name) kernels"
    case BOBBIN_ENCODER_UNAVAILABLE:
      "this machine cannot run the \(rung.name) kernels; unset BOBBIN_KERNELS"
    case BOBBIN_ENCODER_NOT_FINITE: "the \(rung.name) kernels gave a vector that is not finite"
    default: "the \(rung.name) kernels refused their input (status \(status))"
    }
  }

  /// The tensors in the order of bobbin_encoder_create, with their shapes.
  static let expected: [(name: String, shape: [Int])] = {
    let hidden = Int(BOBBIN_HIDDEN)
    let feed = Int(BOBBIN_FEED)
    var list: [(String, [Int])] = [
      ("embeddings.word_embeddings.weight", [Int(BOBBIN_WORDS), hidden]),
      ("embeddings.position_embeddings.weight", [Int(BOBBIN_POSITIONS), hidden]),
      ("embeddings.token_type_embeddings.weight", [2, hidden]),
      ("embeddings.LayerNorm.weight", [hidden]), ("embeddings.LayerNorm.bias", [hidden]),
    ]
    for layer in 0..<Int(BOBBIN_LAYERS) {
      let prefix = "encoder.layer.\(layer)."
      for (name, outputs, inputs) in [
        ("attention.self.query", hidden, [hidden]), ("attention.self.key", hidden, [hidden]),
        ("attention.self.value", hidden, [hidden]), ("attention.output.dense", hidden, [hidden]),
        ("attention.output.LayerNorm", hidden, []), ("intermediate.dense", feed, [hidden]),
        ("output.dense", hidden, [feed]), ("output.LayerNorm", hidden, []),
      ] {
        list.append((prefix + name + ".weight", [outputs] + inputs))
        list.append((prefix + name + ".bias", [outputs]))
      }
    }
    return list
  }()
}
