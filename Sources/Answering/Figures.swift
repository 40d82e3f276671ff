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
  static func all(in text: String) -> Set<String> {
    var found = Set(written(in: text))
    for word in text.lowercased().split(whereSeparator: { !$0.isLetter }) {
      if let value = words[String(word)] { found.insert(value) }
    }
    return found
  }

  private static let words: [String: String] = {
    var words: [String: String] = [:]
    for list in [
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty",
      "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig",
      "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt",
      "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte",
    ] {
      for (index, word) in list.split(separator: " ").enumerated() {
        words[String(word)] = "\(index + 1)"
      }
    }
    for (index, word) in "ten twenty thirty forty fifty sixty seventy eighty ninety hundred".split(
      separator: " "
    ).enumerated() {
      words[String(word)] = "\((index + 1) * 10)"
    }
    return words
  }()
}
