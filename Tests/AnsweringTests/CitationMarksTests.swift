import Testing

@testable import Answering

@Suite struct CitationMarksTests {
  static let cases: [(String, String, [Int])] = [
    ("It is 28 days [1].", "It is 28 days [1].", [1]),
    ("It is 28 days [7].", "It is 28 days.", []),
    ("Both [1][3] hold [2].", "Both [1][3] hold [2].", [1, 3, 2]),
    ("Both [1, 3, 9].", "Both [1][3].", [1, 3]),
    ("Zero [0] and [-1] and [99999999999999999999].", "Zero and [-1] and.", []),
    ("An array [i] and [ and ] and []", "An array [i] and [ and ] and []", []),
    ("[1", "[1", []), ("x [", "x [", []), ("  spaced  out ", "  spaced  out ", []),
    ("[[2]]", "[[2]]", [2]),
    ("[12345678901234567890123456789]", "[12345678901234567890123456789]", []),
    // Code is left as it is.
    ("`items[0]`, ``a[9]`b`` [1]", "`items[0]`, ``a[9]`b`` [1]", [1]),
    ("A `lonely [9] tick\n\nand [1]`", "A `lonely tick\n\nand [1]`", [1]),
    ("Over `two\nlines[9]` [1] `x[0]`", "Over `two\nlines[9]` [1] `x[0]`", [1]),
    ("Press \\` for [9], then \\` [1].", "Press \\` for, then \\` [1].", [1]),
    (
      "`\(String(repeating: "x", count: 210))`, 90 [9], `ls[0]` [1]",
      "`\(String(repeating: "x", count: 210))`, 90, `ls[0]` [1]", [1]
    ),
    // A block ends with the quotation or the item it stands in, and before a mark behind its fence.
    ("> ```\n> x[9]\n\nIt is [9] [1].", "> ```\n> x[9]\n\nIt is [1].", [1]),
    ("- ```\n  x[9]\n\t```\nText [9] [1].", "- ```\n  x[9]\n\t```\nText [1].", [1]),
    ("- ```\n  x[9]\nText [9] [1].", "- ```\n  x[9]\nText [1].", [1]),
    ("2024 ``` x [9] [1]", "2024 ``` x [1]", [1]),
    ("```sh\nnpm i\n``` [1]\nIt is [9] [2].", "```sh\nnpm i\n``` \n[1]\nIt is [2].", [1, 2]),
    (
      "Run\n```sh\nx[9] | y[1]\n``\n```` \nthen [2] [9].",
      "Run\n```sh\nx[9] | y[1]\n``\n```` \nthen [2].", [2]
    ),
    (
      "1. ~~~~\n   a[1]\n   ~~~\n   ~~~~\nso [2]", "1. ~~~~\n   a[1]\n   ~~~\n   ~~~~\nso [2]", [2]
    ),
    ("```\nx[9]", "```\nx[9]", []), ("a ``` b[9]", "a ``` b", []), ("`[9]", "`", []),
  ]

  private static func text(_ parts: [CitationMarks.Part]) -> String {
    parts.reduce(into: "") { text, part in
      switch part {
      case .text(let scalar), .code(let scalar, _): text.unicodeScalars.append(scalar)
      case .marks(let numbers, let isSpaced):
        text += (isSpaced ? " " : "") + numbers.map { "[\($0)]" }.joined()
      }
    }
  }

  private static func cited(_ parts: [CitationMarks.Part]) -> [Int] {
    parts.reduce(into: []) { cited, part in
      guard case .marks(let numbers, _) = part else { return }
      cited += numbers.filter { !cited.contains($0) }
    }
  }

  @Test(arguments: cases) func `marks of given passages pass and others go`(
    text: String, shown: String, cited: [Int]
  ) {
    var marks = CitationMarks(passageCount: 3)
    let found = marks.parts(text) + marks.lastParts()
    #expect(Self.text(found) == shown)
    #expect(Self.cited(found) == cited)
  }

  @Test(arguments: cases) func `pieces of any size give the same text`(
    text: String, shown: String, cited: [Int]
  ) {
    for size in 1...4 {
      var marks = CitationMarks(passageCount: 3)
      var found: [CitationMarks.Part] = []
      var piece = ""
      for character in text {
        piece.append(character)
        if piece.count == size {
          found += marks.parts(piece)
          piece = ""
        }
      }
      found += marks.parts(piece) + marks.lastParts()
      #expect(Self.text(found) == shown)
      #expect(Self.cited(found) == cited)
    }
  }

  @Test func `without passages every mark goes`() {
    var marks = CitationMarks(passageCount: 0)
    #expect(Self.text(marks.parts("Yes [1].") + marks.lastParts()) == "Yes.")
  }
}
