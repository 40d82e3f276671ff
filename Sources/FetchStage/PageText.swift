// A page as far as fetch looks into it: its tree for links and wishes, and the text a reader sees, for telling a page from a
// wall. What the text says is extract's business, and so is an encoding that is neither Unicode nor like ASCII: links are ASCII.

import Markup

/// What a person sees of a page, and what it says where scripts do not run.
struct PageText {
  /// Visible text, white space collapsed, at most `limit` scalars.
  private(set) var visible = ""
  /// What stands in `noscript`.
  private(set) var withoutScripts = ""
  private(set) var hasPassword = false
  private(set) var scriptCount = 0
  /// Identifiers of elements that scripts fill.
  private(set) var hasMountPoint = false

  private static let limit = 20_000
  private static let mountPoints: Set<String> = [
    "root", "app", "__next", "__nuxt", "___gatsby", "q-app", "app-root", "svelte", "main-app",
    "ember-app", "react-root",
  ]

  init(_ page: HTMLPage) {
    var position = 0
    var length = 0
    var pieces: [String] = []
    var noscript: [String] = []
    var noscriptEnd = 0
    while position < page.nodes.count {
      let node = page.nodes[position]
      switch node.tag {
      case .script: scriptCount += 1
      case .noscript: noscriptEnd = max(noscriptEnd, node.end)
      case .input where node[.type]?.lowercased() == "password": hasPassword = true
      case .text:
        if position < noscriptEnd {
          noscript.append(node.text)
        } else if length < Self.limit {
          pieces.append(node.text)
          length += node.text.utf8.count
        }
      default: break
      }
      if let id = node[.id], Self.mountPoints.contains(id.lowercased()) { hasMountPoint = true }
      if node.tag.isInvisible, node.tag != .head, node.tag != .link, node.tag != .meta,
        node.tag != .base, node.tag != .input
      {
        position = max(position + 1, node.end)
      } else {
        position += 1
      }
    }
    visible = Self.collapsed(pieces)
    withoutScripts = Self.collapsed(noscript)
  }

  /// The words of all pieces with one space between them.
  ///
  /// By bytes: to ask Unicode about each sign of each page was a good part of what a crawl cost.
  private static func collapsed(_ pieces: [String]) -> String {
    let bytes = Array(pieces.joined(separator: " ").utf8)
    var words: [UInt8] = []
    words.reserveCapacity(bytes.count)
    var isBetween = false
    var place = 0
    while place < bytes.count {
      let space = spaceLength(bytes, place)
      if space > 0 {
        isBetween = !words.isEmpty
        place += space
        continue
      }
      if isBetween { words.append(0x20) }
      isBetween = false
      words.append(bytes[place])
      place += 1
    }
    return String(decoding: words, as: UTF8.self)
  }

  /// Bytes of the white space, as Unicode has it, that stands at a place; 0 where none does.
  private static func spaceLength(_ bytes: [UInt8], _ place: Int) -> Int {
    let first = bytes[place]
    if first <= 0x20 { return first == 0x20 || (0x09...0x0D).contains(first) ? 1 : 0 }
    guard first >= 0xC2, place + 1 < bytes.count else { return 0 }
    if first == 0xC2 { return [0x85, 0xA0].contains(bytes[place + 1]) ? 2 : 0 }
    guard (0xE1...0xE3).contains(first), place + 2 < bytes.count else { return 0 }
    switch Int(first) << 16 | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2]) {
    case 0xE19A80, 0xE28080...0xE2808A, 0xE280A8, 0xE280A9, 0xE280AF, 0xE2819F, 0xE38080: return 3
    default: return 0
    }
  }

  /// Bytes as text that a parser of HTML can take: Unicode as it is, all else as Latin-1, in which markup is the same.
  static func utf8(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      let isLittle = bytes[0] == 0xFF
      var units: [UInt16] = []
      units.reserveCapacity(bytes.count / 2)
      for pair in stride(from: 2, to: bytes.count - 1, by: 2) {
        let (one, other) = (UInt16(bytes[pair]), UInt16(bytes[pair + 1]))
        units.append(isLittle ? other << 8 | one : one << 8 | other)
      }
      return Array(String(decoding: units, as: UTF16.self).utf8)
    }
    if String(validating: bytes, as: UTF8.self) != nil { return bytes }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + bytes.count / 4)
    for byte in bytes {
      if byte < 0x80 {
        out.append(byte)
      } else {
        out += [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
      }
    }
    return out
  }

  /// A fingerprint of the words in order that changes little when little of the text does (Charikar 2002).
  ///
  /// - Parameter path: the page's own; its words are left out, for "there is no …" repeats them.
  func fingerprint(without path: some StringProtocol) -> UInt64 {
    var sums = [Int](repeating: 0, count: 64)
    let own = Set(path.lowercased().split { !$0.isLetter }.map(String.init))
    let words = visible.lowercased().split { !$0.isLetter }.filter { !own.contains(String($0)) }
    for pair in zip(words, words.dropFirst()) {
      // FNV-1a: the same in every process, which Hasher is not.
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in "\(pair.0) \(pair.1)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      for bit in 0..<64 { sums[bit] += hash >> UInt64(bit) & 1 == 1 ? 1 : -1 }
    }
    var result: UInt64 = 0
    for bit in 0..<64 where sums[bit] > 0 { result |= 1 << UInt64(bit) }
    return result
  }
}
