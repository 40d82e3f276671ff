// A question's vector, ready to be scanned with: 15 bits a component against the rows' 8, so that the rows alone decide
// how exact a score is.
//
// Rejected: an 8-bit query. FORMAT.md's history and the bench have the figures.

import CKernels

/// A unit query of one dimension, in the form the kernels take.
struct ScanQuery {
  private let wide: [Int16]
  private let high: [Int8]
  private let low: [Int8]
  private let wideSum: Int64
  private let scale: Float
  let stride: Int

  /// Normalises and quantises `numbers`.
  ///
  /// - Throws: `invalid` for numbers that are not finite or all zero.
  init(_ numbers: [Float]) throws(ShardError) {
    var squares = 0.0
    for number in numbers { squares += Double(number) * Double(number) }
    guard squares.isFinite else { throw .invalid("a question's vector with numbers not finite") }
    guard squares > 0 else { throw .invalid("a question's vector of length zero") }
    let length = squares.squareRoot()
    let unit = numbers.map { Float(Double($0) / length) }
    let stride = rowStride(dimension: numbers.count)
    var wide = [Int16](repeating: 0, count: stride)
    var high = [Int8](repeating: 0, count: stride)
    var low = [Int8](repeating: 0, count: stride)
    let made = bobbin_query_make(unit, unit.count, stride, &wide, &high, &low)
    (self.wide, self.high, self.low) = (wide, high, low)
    (wideSum, scale, self.stride) = (made.wide_sum, made.scale, stride)
  }

  /// Lends the C form for the time of `body`.
  func withKernelQuery<Result>(_ body: (bobbin_query) -> Result) -> Result {
    wide.withUnsafeBufferPointer { wide in
      high.withUnsafeBufferPointer { high in
        low.withUnsafeBufferPointer { low in
          body(
            bobbin_query(
              wide: wide.baseAddress, high: high.baseAddress, low: low.baseAddress,
              wide_sum: wideSum, scale: scale))
        }
      }
    }
  }
}

/// Bytes from one row to the next: the dimension rounded up to a multiple of 64.
func rowStride(dimension: Int) -> Int {
  (dimension + ShardFormat.alignment - 1) / ShardFormat.alignment * ShardFormat.alignment
}
