// A checked reader of safetensors: a length, a JSON header, then the tensors' bytes.
//
// Format: 8 bytes little-endian header length, header `{"name": {"dtype", "shape", "data_offsets":
// [from, to]}}`, offsets counted from the header's end. Everything the header says is held against
// the file before a pointer is handed out: at most 1 MiB, ranges in bounds, disjoint and covering,
// length = product × size without overflow. Does not look at the numbers: that they are finite is
// checked when they are packed.

import FoundationEssentials

/// Tensors of a mapped file, by name.
package struct SafetensorsFile: Sendable {
  /// Where a tensor stands and what it is.
  package struct Tensor: Hashable, Sendable {
    /// `F32`, `I64` and so on.
    package let dtype: String
    package let shape: [Int]
    /// Bytes from the start of the file.
    package let range: Range<Int>
  }

  /// Every tensor of the file.
  package let tensors: [String: Tensor]
  /// The path it was opened with, for messages.
  package let path: String
  let map: MappedWeights

  /// Largest header accepted, in bytes.
  static let maxHeaderLength = 1 << 20

  /// Opens and checks a file.
  /// - Throws: `modelMissing`, or `modelDamaged` with what does not fit.
  package init(path: String) throws(EmbeddingError) {
    let map = try MappedWeights(path: path)
    self.map = map
    self.path = path
    tensors = try map.withBytes { (bytes) throws(EmbeddingError) in
      try SafetensorsFile.readHeader(bytes, path: path)
    }
  }

  /// Whether a tensor of this name, f32 and of this shape is there, 4-byte aligned.
  /// - Throws: `modelDamaged` when it is not.
  package func checkFloats(_ name: String, shape: [Int]) throws(EmbeddingError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw .modelDamaged(path: path, reason: "tensor \(name) is missing")
    }
    guard tensor.dtype == "F32", tensor.shape == shape, tensor.range.lowerBound % 4 == 0 else {
      throw .modelDamaged(
        path: path,
        reason: "tensor \(name) is \(tensor.dtype) \(tensor.shape), expected F32 \(shape), aligned")
    }
    return tensor
  }

  private static let itemSizes = [
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
    "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
  ]

  private static func readHeader(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(EmbeddingError) -> [String: Tensor] {
    func damaged(_ reason: String) -> EmbeddingError { .modelDamaged(path: path, reason: reason) }
    guard bytes.count >= 8 else { throw damaged("is shorter than its first eight bytes") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length >= 2, length <= UInt64(maxHeaderLength), Int(length) <= bytes.count - 8 else {
      throw damaged("header of \(length) bytes does not fit")
    }
    let dataStart = 8 + Int(length)
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<dataStart]))
    } catch {
      throw damaged("header is not what safetensors write: \(error)")
    }
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.entries {
      guard let itemSize = itemSizes[entry.dtype] else {
        throw damaged("tensor \(name) has the unknown type \(entry.dtype)")
      }
      var size = itemSize
      for extent in entry.shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else {
          throw damaged("tensor \(name) has the shape \(entry.shape)")
        }
        size = product
      }
      let offsets = entry.data_offsets
      guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0],
        offsets[1] <= bytes.count - dataStart, offsets[1] - offsets[0] == size
      else {
        throw damaged("tensor \(name) has the offsets \(offsets), its shape needs \(size) bytes")
      }
      tensors[name] = Tensor(
        dtype: entry.dtype, shape: entry.shape,
        range: dataStart + offsets[0]..<dataStart + offsets[1])
    }
    var end = dataStart
    let ranges = tensors.values.map(\.range).sorted {
      ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
    }
    for range in ranges {
      guard range.lowerBound == end else {
        throw damaged("tensors overlap or leave a gap at byte \(end)")
      }
      end = range.upperBound
    }
    guard end == bytes.count else {
      throw damaged("\(bytes.count - end) bytes belong to no tensor")
    }
    return tensors
  }
}

/// The header's JSON: tensors by name, and free text under `__metadata__`.
private struct Header: Decodable {
  struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  let entries: [(String, Entry)]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    entries = try container.allKeys.filter { $0.stringValue != "__metadata__" }
      .map { ($0.stringValue, try container.decode(Entry.self, forKey: $0)) }
  }
}
