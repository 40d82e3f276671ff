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
