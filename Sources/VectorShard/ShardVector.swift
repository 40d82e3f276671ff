// A row's numbers, before and after quantisation.
//
// The scale is the least-squares one, not largest/127: it makes the dot product with the original as exact as int8 allows.
// Plain f32 and f64 arithmetic in a fixed order, so the same floats give the same bytes on every machine.

/// The vector of one row.
package enum ShardVector: Sendable, Hashable {
  /// Unit length (or all zero: a row that only words can find), `dimension` long.
  case unit([Float])
  /// As a segment stores it: component i is `values[i] * scale`.
  ///
  /// A merge copies it as it is.
  case quantized(scale: Float, values: [Int8])
}

extension ShardVector {
  /// The scale and the values to store.
  ///
  /// - Throws: `invalid` for a wrong count, for numbers that are not finite and for a length other than 1 or 0.
  func stored(dimension: Int) throws(ShardError) -> (scale: Float, values: [Int8]) {
    switch self {
    case .quantized(let scale, let values):
      guard values.count == dimension else {
        throw .invalid("a vector of \(values.count) numbers among vectors of \(dimension)")
      }
      guard scale.isFinite, scale >= 0 else { throw .invalid("a scale of \(scale)") }
      return (scale, values)
    case .unit(let numbers):
      guard numbers.count == dimension else {
        throw .invalid("a vector of \(numbers.count) numbers among vectors of \(dimension)")
      }
      var largest: Float = 0
      var squares = 0.0
      for number in numbers {
        guard number.isFinite else { throw .invalid("a vector that holds \(number)") }
        largest = max(largest, number.magnitude)
        squares += Double(number) * Double(number)
      }
      if squares == 0 { return (0, [Int8](repeating: 0, count: dimension)) }
      guard abs(squares - 1) < 0.02 else {
        throw .invalid("a vector of length \(squares.squareRoot()) where a unit vector belongs")
      }
      let steps = 127 / largest
      var values = [Int8]()
      values.reserveCapacity(dimension)
      var products = 0.0
      var quantizedSquares = 0.0
      for number in numbers {
        let value = (number * steps).rounded(.toNearestOrEven)
        values.append(Int8(max(-127, min(127, value))))
        products += Double(value) * Double(number)
        quantizedSquares += Double(value) * Double(value)
      }
      return (Float(products / quantizedSquares), values)
    }
  }
}
