import Testing

@testable import Spool

@Suite struct ZstdTests {
  @Test func `every flipped byte of a frame is detected or harmless`() throws {
    let bytes = Array("the same text, the same text, the same text again".utf8)
    let frame = try Zstd.compress(bytes)
    #expect(try Zstd.decompress(frame, limit: 1_000, name: "x") == bytes)
    for index in frame.indices {
      for bit in 0..<8 {
        var damaged = frame
        damaged[index] ^= 1 << UInt8(bit)
        let result = try? Zstd.decompress(damaged, limit: 1_000, name: "x")
        #expect(result == nil || result == bytes, "byte \(index), bit \(bit)")
      }
    }
  }

  @Test func `every cut frame is refused`() throws {
    let frame = try Zstd.compress(Array("some text that is long enough".utf8))
    for length in 0..<frame.count {
      #expect(throws: SpoolError.self) {
        try Zstd.decompress(Array(frame[..<length]), limit: 1_000, name: "x")
      }
    }
  }

  @Test func `a frame that would inflate above the limit is refused before it is inflated`() throws
  {
    let frame = try Zstd.compress([UInt8](repeating: 0, count: 1 << 20))
    #expect(throws: SpoolError.self) {
      try Zstd.decompress(frame, limit: (1 << 20) - 1, name: "x")
    }
  }
}
