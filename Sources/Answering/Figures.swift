// The numbers of a text, in one spelling each, so that what a sentence says of a price or a date can be looked for in a passage.

/// Finds numbers.
enum Figures {
  /// Those written in digits: "1,250.50" is 12505, "32.00" is 32, "7:30" is 7 and 30.
  static func written(in text: String) -> [String] {
    text.split { !$0.isNumber && $0 != "." && $0 != "," }.compactMap { part in
      var digits = part.drop { !$0.isNumber }
      while let last = digits.last, !last.isNumber { digits = digits.dropLast() }
      // Nothing after the point says nothing; three digits after it are thousands.
      if let point = digits.lastIndex(where: { !$0.isNumber }), digits[point...].count <= 3 {
        while digits.last == "0" { digits = digits.dropLast() }
      }
      let figure = digits.filter(\.isNumber)
      return figure.isEmpty ? nil : String(figure)
    }
  }

  /// Those that a statement has to answer for: in digits, and from 2 on in words.
  ///
  /// "one" is too often no number.
  ///
  /// - Parameter language: of the text, two letters.
  static func said(in text: String, language: String?) -> [String] {
    written(in: text) + spoken(in: text, language ?? "en").filter { $0 > 1 }.map { "\($0)" }
  }

  private static func spoken(in text: String, _ language: String) -> [Int] {
    guard let words = words[language] else { return [] }
    if language == "en" { return EnglishNumbers.values(in: text, words) }
    return text.lowercased().split(whereSeparator: { !$0.isLetter && $0 != "-" })
      .compactMap { value(of: $0, words) }
  }

  /// Those written in digits and the small ones written as words: a model says "2 weeks" where a document says "two weeks".
  ///
  /// - Parameter language: of the text, two letters; the words of all known languages are read for others and nil ("once" is eleven in one).
  static func all(in text: String, language: String? = nil) -> Set<String> {
    let lists = language.flatMap { words[$0] }.map { [$0] } ?? Array(words.values)
    var found = Set(written(in: text))
    for token in text.lowercased().split(whereSeparator: { !$0.isLetter && $0 != "-" }) {
      for words in lists {
        if let value = value(of: token, words) {
          found.insert("\(value)")
        } else {
          found.formUnion(
            token.split(separator: "-").compactMap { words[String($0)] }.map { "\($0)" })
        }
      }
    }
    if language ?? "en" == "en" { found.formUnion(spoken(in: text, "en").map { "\($0)" }) }
    return found
  }

  /// "seventeen", "twenty-five", "soixante-quinze", "quatre-vingt-cinq".
  private static func value(of token: Substring, _ words: [String: Int]) -> Int? {
    if let value = words[String(token)] { return value }
    guard let dash = token.lastIndex(of: "-"), let tens = words[String(token[..<dash])],
      let ones = words[String(token[dash...].dropFirst())], tens >= 20,
      ones < (tens == 60 || tens == 80 ? 20 : 10)
    else { return nil }
    return tens + ones
  }

  /// By language.
  private static let words: [String: [String: Int]] = {
    let ones = [
      "en":
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
      "de":
        "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
      "fr":
        "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
      "es":
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    ]
    let tens = [
      "en": "twenty thirty forty fifty sixty seventy eighty ninety hundred",
      "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
      "fr":
        "vingt trente quarante cinquante soixante soixante-dix quatre-vingt quatre-vingt-dix cent",
      "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien",
    ]
    return ones.merging(tens) { "\($0) \($1)" }.mapValues { list in
      var values: [String: Int] = [:]
      for (index, word) in list.split(separator: " ").enumerated() {
        values[String(word)] = index < 19 ? index + 1 : (index - 17) * 10
      }
      return values
    }
  }()
}

/// Numbers of several English words: "two hundred and fifty", "twenty-five thousand".
private struct EnglishNumbers {
  private var total = 0
  private var current = 0
  /// The word added last; nil when no number is being read.
  private var last: Int?
  /// Whether an "and" was the last word.
  private var isAnd = false

  /// The numbers of a text, in order.
  ///
  /// - Parameter words: the values of the words up to "hundred".
  static func values(in text: String, _ words: [String: Int]) -> [Int] {
    var found: [Int] = []
    var number = EnglishNumbers()
    /// What stands between two words of a number is a space or a hyphen.
    var isNext = false
    var word = ""
    func end(_ found: inout [Int]) {
      if number.last != nil { found.append(number.total + number.current) }
      number = EnglishNumbers()
    }
    for character in text.lowercased() + " " {
      if character.isLetter {
        word.append(character)
        continue
      }
      if !word.isEmpty {
        let value = word == "thousand" ? 1000 : words[word]
        let isJoined = isNext && number.takes(value, isAnd: word == "and")
        if !isJoined { end(&found) }
        number.add(value)
        word = ""
        isNext = character == " " || character == "-"
      } else {
        isNext = false
      }
    }
    end(&found)
    return found
  }

  private func takes(_ value: Int?, isAnd: Bool) -> Bool {
    guard let last else { return false }
    if isAnd { return !self.isAnd && last >= 100 }
    switch value {
    case 100: return current > 0 && current < 100 && !self.isAnd
    case 1000: return current > 0 && current < 1000 && !self.isAnd
    case let value?: return last >= 100 || (20..<100).contains(last) && value < 10 && !self.isAnd
    case nil: return false
    }
  }

  private mutating func add(_ value: Int?) {
    isAnd = value == nil && last != nil
    guard let value else { return }
    switch value {
    case 100: current = max(1, current) * 100
    case 1000: (total, current) = (total + max(1, current) * 1000, 0)
    default: current += value
    }
    last = value
  }
}
