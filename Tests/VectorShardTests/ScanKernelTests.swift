// Every rung of the kernels this CPU has, against the scalar one, bit for bit; and the two ways to a CRC-32C.

import CKernels
import Testing

@testable import VectorShard

struct ScanKernelTests {
  static let supported = ScanKernel.allCases.filter(\.isSupported)

  @Test(arguments: supported, [1, 8, 63, 64, 65, 300, 384, 768, 1024, 1025, 1536, 4096])
  func `every rung gives the scalar rung's bits`(kernel: ScanKernel, dimension: Int) {
    var chance = FixedChance(UInt64(dimension))
    let stride = rowStride(dimension: dimension)
    for count in [1, 2, 3, 4, 5, 8, 19] {
      var rows = [Int8](repeating: 0, count: count * stride)
      for row in 0..<count {
        for column in 0..<dimension {
          // The extremes too, which is where an instruction that saturates would show.
          rows[row * stride + column] =
            row == 1 ? -128 : row == 2 ? 127 : Int8.random(in: -128...127, using: &chance)
        }
      }
      let scales = (0..<count).map { _ in Float.random(in: 0.001...0.02, using: &chance) }
      let queries = [
        chance.unitVector(dimension), [Float](repeating: 1, count: dimension),
        [Float](repeating: -1, count: dimension),
      ]
      for query in queries {
        #expect(
          scores(kernel, rows, stride, scales, query).map(\.bitPattern)
            == scores(.scalar, rows, stride, scales, query).map(\.bitPattern))
      }
    }
  }

  @Test func `the scalar rung gives the dot product`() {
    var chance = FixedChance(5)
    let query = chance.unitVector(100)
    let values = (0..<100).map { _ in Int8.random(in: -127...127, using: &chance) }
    let expected = zip(query, values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } * 0.01
    let found = scores(
      .scalar, values + [Int8](repeating: 0, count: 28), 128, [0.01], query)
    #expect(abs(Double(found[0]) - expected) < 1e-3)
  }

  @Test func `a rung is always chosen`() {
    #expect(ScanKernel.chosen.isSupported)
    #expect(ScanKernel.scalar.isSupported)
  }

  @Test func `scores above a threshold are found in order, and NaN never`() {
    var chance = FixedChance(6)
    for count in [0, 1, 15, 16, 17, 100] {
      var scores = (0..<count).map { _ in Float.random(in: 0...1, using: &chance) }
      if count > 3 { scores[3] = .nan }
      var found = [UInt32](repeating: 0, count: count + 1)
      let kept = bobbin_vectors_above(scores, count, 0.9, &found)
      #expect(found[..<kept].map(Int.init) == scores.indices.filter { scores[$0] > 0.9 })
    }
  }

  @Test func `both ways to a checksum give the published value`() {
    let digits = Array("123456789".utf8)
    // RFC 3720, B.4, and the value every table of checksums lists.
    #expect(bobbin_crc32c(0, digits, 9) == 0xE306_9283)
    #expect(bobbin_crc32c(0, [UInt8](repeating: 0, count: 32), 32) == 0x8A91_36AA)
    var chance = FixedChance(7)
    for count in 0..<70 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &chance) }
      let whole = bobbin_crc32c(0, bytes, count)
      #expect(whole == bobbin_crc32c_portable(0, bytes, count))
      let half = bobbin_crc32c(0, bytes, count / 2)
      #expect(whole == bobbin_crc32c(half, Array(bytes[(count / 2)...]), count - count / 2))
    }
  }

  private func scores(
    _ kernel: ScanKernel, _ rows: [Int8], _ stride: Int, _ scales: [Float], _ query: [Float]
  ) -> [Float] {
    var space = [UInt8](repeating: 0xAA, count: 4 * stride)
    var scores = [Float](repeating: 0, count: scales.count)
    space.withUnsafeMutableBytes { space in
      let made = bobbin_query_make(query, query.count, stride, space.baseAddress)
      bobbin_vectors_scan(kernel.rung, rows, stride, scales.count, scales, made, &scores)
    }
    return scores
  }
}
