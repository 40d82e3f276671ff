// Which instructions search uses: chosen once by CPU, or by the environment variable BOBBIN_KERNELS.
//
// Every rung gives the same bits, so the choice changes time only.

import CKernels
import Glibc

/// One rung of the kernels in CKernels.
package enum ScanKernel: String, CaseIterable, Sendable {
  case avx512vnni, avx512, avx2, neon, scalar

  /// The rung to search with: what BOBBIN_KERNELS names if this CPU has it, otherwise the best one it has.
  package static let chosen: ScanKernel = {
    if let name = getenv("BOBBIN_KERNELS"), let asked = ScanKernel(rawValue: String(cString: name)),
      asked.isSupported
    {
      return asked
    }
    return allCases.first { $0.isSupported } ?? .scalar
  }()

  /// Whether this CPU has the instructions.
  package var isSupported: Bool { bobbin_vectors_supported(rung) == 1 }

  var rung: bobbin_vectors_rung {
    switch self {
    case .avx512vnni: BOBBIN_VECTORS_AVX512VNNI
    case .avx512: BOBBIN_VECTORS_AVX512
    case .avx2: BOBBIN_VECTORS_AVX2
    case .neon: BOBBIN_VECTORS_NEON
    case .scalar: BOBBIN_VECTORS_SCALAR
    }
  }
}
