// all-MiniLM-L6-v2 from its two files to an Embedder.
//
// Relies on SafetensorsFile, WordPiece and EncoderWorkers. The files come from `make model`, which
// checks both digests. Loading checks the vocabulary's digest (0.2 MB), every tensor's name, type,
// shape and place, and that every packed weight is finite, but not the digest of the 91 MB of
// weights: that costs as much as loading and belongs to `MiniLM.verify`, which a stage calls once
// at start. Does not download anything.

import CKernels

/// The embedding model that runs in this process.
package enum MiniLM {
  /// The directory of the two files under the data directory.
  package static let directoryName = "models/all-MiniLM-L6-v2"
  /// SHA-256 of model.safetensors.
  package static let weightsDigest =
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
  /// SHA-256 of vocab.txt.
  package static let vocabularyDigest =
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"

  /// The model's identity: every rung shares it, the kernels' rounding being far below what changes
  /// an answer.
  package static let model = EmbeddingModel(
    name: "all-MiniLM-L6-v2",
    identity: "all-MiniLM-L6-v2/\(weightsDigest)/\(vocabularyDigest)/384/mean/unit/512",
    dimension: Int(BOBBIN_HIDDEN), maxTokens: Int(BOBBIN_POSITIONS))

  /// Loads the model and starts its threads, which live as long as the embedder.
  ///
  /// Takes some 50 ms of CPU and blocks on the disk the first time, so a server loads it on the
  /// first question and not on Swift's pool.
  /// - Throws: `modelMissing` or `modelDamaged`, both naming `make model`; `kernelFailed` when BOBBIN_KERNELS asks for
  ///   what this machine lacks.
  package static func load(directory: String, threads: Int) throws(EmbeddingError) -> Embedder {
    try load(directory: directory, threads: threads, rung: KernelRung.chosen())
  }

  /// Loads the model for a given rung, as tests do.
  package static func load(
    directory: String, threads: Int, rung: KernelRung
  ) throws(EmbeddingError) -> Embedder {
    let tokenizer = try loadTokenizer(directory: directory)
    let file = try SafetensorsFile(path: directory + "/model.safetensors")
    let weights = try EncoderWeights(file: file, rung: rung)
    let workers = try EncoderWorkers(weights: weights, tokenizer: tokenizer, threads: threads)
    return Embedder(
      model: model,
      embed: { (texts: [String]) async throws(EmbeddingError) -> [[Float]] in
        try await workers.embed(texts)
      },
      countTokens: { tokenizer.encode($0).count })
  }

  /// Loads the tokenizer alone: a few milliseconds, no weights.
  /// - Throws: `modelMissing`, or `modelDamaged` when the digest is another one.
  package static func loadTokenizer(directory: String) throws(EmbeddingError) -> WordPiece {
    let path = directory + "/vocab.txt"
    let map = try MappedWeights(path: path)
    try check(map, path: path, digest: vocabularyDigest)
    let bytes = map.withBytes { Array($0) }
    guard let vocabulary = Vocabulary(bytes), let tokenizer = WordPiece(vocabulary) else {
      throw .modelDamaged(path: path, reason: "is not a vocabulary")
    }
    return tokenizer
  }

  /// What a model directory holds.
  package static let fileNames = ["vocab.txt", "model.safetensors"]

  /// Reads both files through and holds them against their digests.
  /// - Throws: `modelMissing` or `modelDamaged`.
  package static func verify(directory: String) throws(EmbeddingError) {
    for (name, digest) in zip(fileNames, [vocabularyDigest, weightsDigest]) {
      let path = directory + "/" + name
      try check(try MappedWeights(path: path), path: path, digest: digest)
    }
  }

  private static func check(_ map: MappedWeights, path: String, digest: String)
    throws(EmbeddingError)
  {
    guard let found = map.withBytes({ SHA256Digest.hex(of: $0) }) else {
      throw .kernelFailed(reason: "SHA-256 of \(path) could not be computed")
    }
    guard found == digest else {
      throw .modelDamaged(path: path, reason: "has SHA-256 \(found), expected \(digest)")
    }
  }
}
