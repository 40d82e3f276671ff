// Which instructions run the matrix products: chosen once by what the CPU has, or forced by
// BOBBIN_KERNELS.
//
// Relies on CKernels for the CPU's features. All rungs share one model identity: they agree to
// cosine 0.9999.

import CKernels
import Glibc

/// A level of CPU features that the encoder has kernels for.
package enum KernelRung: Int32, CaseIterable, Sendable {
  case scalar
  case avx2
  case avx512
  case bf16

  /// As spelled in BOBBIN_KERNELS.
  package var name: String {
    switch self {
    case .scalar: "scalar"
    case .avx2: "avx2"
    case .avx512: "avx512"
    case .bf16: "bf16"
    }
  }

  /// Whether this machine can run it.
  package var isAvailable: Bool { bobbin_rung_available(rawValue) == 1 }

  /// The rung BOBBIN_KERNELS names, else the fastest this machine can run.
  /// - Throws: `kernelFailed` when the variable names no rung or one this machine lacks.
  package static func chosen() throws(EmbeddingError) -> KernelRung {
    guard let setting = getenv("BOBBIN_KERNELS").map({ String(cString: $0) }), !setting.isEmpty
    else {
      return KernelRung(rawValue: bobbin_rung_best()) ?? .scalar
    }
    guard let rung = allCases.first(where: { $0.name == setting }) else {
      let names = allCases.map(\.name).joined(separator: ", ")
      throw .kernelFailed(reason: "BOBBIN_KERNELS is \(setting), expected one of \(names)")
    }
    guard rung.isAvailable else {
      throw .kernelFailed(
        reason: EncoderWeights.reason(Int32(BOBBIN_ENCODER_UNAVAILABLE), rung: rung))
    }
    return rung
  }
}
