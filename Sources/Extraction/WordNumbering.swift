// The lists of a Word document: numbers are not in the text, they are counted from `word/numbering.xml`.

internal import Markup

/// Reads `word/numbering.xml` and counts.
final class WordNumbering {
  private struct Level {
    var format = "decimal"
    var text = ""
    var start = 1
  }

  private var abstracts: [String: [Int: Level]] = [:]
  private var numbers: [String: String] = [:]
  private var overrides: [String: [Int: Int]] = [:]
  private var abstract: String?
  private var number: String?
  private var level = 0
  /// Counters per list and level.
  private var counters: [String: [Int: Int]] = [:]
  private var startedNumbers: Set<String> = []

  func take(_ event: XMLEvent) -> Bool {
    switch event {
    case .start(let name, let namespace, let attributes) where WordXML.isWord(namespace):
      start(name, attributes)
    case .end("abstractNum", _): abstract = nil
    case .end("num", _): number = nil
    default: break
    }
    return true
  }

  private func start(_ name: String, _ attributes: [XMLAttribute]) {
    let value = attributes[local: "val"]
    switch name {
    case "abstractNum": abstract = attributes[local: "abstractNumId"]
    case "num": number = attributes[local: "numId"]
    case "abstractNumId": if let number { numbers[number] = value }
    case "lvl", "lvlOverride":
      level = attributes[local: "ilvl"].flatMap { Int($0) } ?? 0
      if name == "lvl", let abstract { abstracts[abstract, default: [:]][level] = Level() }
    case "startOverride":
      if let number { overrides[number, default: [:]][level] = value.flatMap { Int($0) } }
    case "start":
      if let abstract { abstracts[abstract]?[level]?.start = value.flatMap { Int($0) } ?? 1 }
    case "numFmt": if let abstract { abstracts[abstract]?[level]?.format = value ?? "decimal" }
    case "lvlText": if let abstract { abstracts[abstract]?[level]?.text = value ?? "" }
    default: break
    }
  }

  /// The mark of the next paragraph in a list, such as `2.1` or `-`; nil when the list has none.
  func mark(id: String, level: Int) -> String? {
    guard id != "0", (0...8).contains(level) else { return nil }
    guard let list = numbers[id], let levels = abstracts[list] else { return "-" }
    let own = levels[level] ?? Level()
    if startedNumbers.insert(id).inserted {
      for (level, start) in overrides[id] ?? [:] {
        counters[list, default: [:]][level] = WordNumbering.bounded(start) - 1
      }
    }
    for deeper in level + 1..<10 { counters[list]?[deeper] = nil }
    let next = (counters[list]?[level] ?? WordNumbering.bounded(own.start) - 1) + 1
    counters[list, default: [:]][level] = next
    if own.format == "none" { return nil }
    if own.format == "bullet" { return "-" }
    guard !own.text.isEmpty else { return nil }
    var mark = ""
    var isPlace = false
    for character in own.text {
      if isPlace, let place = character.wholeNumberValue, (1...9).contains(place) {
        let shown = levels[place - 1] ?? Level()
        let count = counters[list]?[place - 1] ?? WordNumbering.bounded(shown.start)
        mark += WordNumbering.written(count, as: shown.format)
        isPlace = false
      } else if character == "%" {
        isPlace = true
      } else {
        mark.append(character)
      }
    }
    return mark
  }

  private static func bounded(_ value: Int) -> Int { min(max(value, -99_999), 999_999) }

  private static func written(_ count: Int, as format: String) -> String {
    switch format {
    case "lowerLetter", "upperLetter":
      guard (1...702).contains(count) else { return "\(count)" }
      let upper = format == "upperLetter"
      var rest = count
      var letters: [UInt8] = []
      while rest > 0 {
        letters.append(UInt8((rest - 1) % 26) + (upper ? 65 : 97))
        rest = (rest - 1) / 26
      }
      return String(decoding: letters.reversed(), as: UTF8.self)
    case "lowerRoman": return roman(count)
    case "upperRoman": return roman(count).uppercased()
    default: return "\(count)"
    }
  }

  private static func roman(_ count: Int) -> String {
    guard (1...3_999).contains(count) else { return "\(count)" }
    let signs = [
      (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
      (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ]
    var rest = count
    var text = ""
    for (value, sign) in signs {
      while rest >= value {
        text += sign
        rest -= value
      }
    }
    return text
  }
}
