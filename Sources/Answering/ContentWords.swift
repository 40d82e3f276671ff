// The words of a question that say what it is about. In a small shard "my" or "much" is as rare as a name, so rarity alone
// would let them decide.
//
// A short list per language, by whole words; a word that means something in one of the languages is in none of the lists.
// Unspaced scripts pass as they are.

/// Takes the words out of a question that every question has.
package enum ContentWords {
  /// The question without them, or as it is when nothing would be left.
  package static func text(of question: String) -> String {
    let words = question.split(whereSeparator: isSeparator)
    let kept = words.filter { word in
      let plain = word.lowercased().replacing("’", with: "'")
      let bare = plain.drop { !$0.isLetter && !$0.isNumber }
      var end = bare
      while let last = end.last, !last.isLetter, !last.isNumber { end = end.dropLast() }
      return !end.isEmpty && !common.contains(String(end))
    }
    return kept.isEmpty ? question : kept.joined(separator: " ")
  }

  /// White space, and marks that do not stand within words and figures.
  private static func isSeparator(_ character: Character) -> Bool {
    // The properties of a Character cost more than all the rest.
    if let byte = character.asciiValue { return separators.contains(byte) }
    return character.isWhitespace || (character.isPunctuation && character != "’")
  }

  private static let separators = Set(" \t\n\u{0B}\u{0C}\r!\"#%&()*/:;?@[\\]_{}".utf8)

  /// The language most of whose common words stand in a text, as a BCP 47 tag; nil when no language has two more than others.
  static func language(of text: String) -> String? {
    let words = text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
    let counts = byLanguage.map { (tag: $0.tag, count: words.count(where: $0.words.contains)) }
      .sorted { $0.count > $1.count }
    guard let first = counts.first, first.count >= (counts.dropFirst().first?.count ?? 0) + 2 else {
      return nil
    }
    return first.tag
  }

  private static let byLanguage: [(tag: String, words: Set<String>)] = [
    ("en", english), ("de", german), ("fr", french), ("es", spanish),
  ].map { ($0.0, Set($0.1.split(separator: " ").map(String.init))) }

  /// Whether a word, in small letters, says nothing of what a question is about.
  static func isCommon(_ word: String) -> Bool { common.contains(word) }

  private static let common: Set<String> = Set(
    (english + " " + german + " " + french + " " + spanish).split(separator: " ").map(String.init))

  private static let english = """
    a about all also am an and any anyone anything are aren't as at be because been being but by can can't could did \
    didn't do does doesn't doing don't else exactly for from get gets give given go got had has have having he her \
    here his how however i i'm i've if in into is isn't it it's its just kind know let like make many may me might \
    more most much must my need no not of on one or our ours out please really shall she should so some someone \
    something tell than that that's the their them then there there's these they this those to too up us very was \
    we were what what's when where where's which who who's whom whose why will with without won't would you your
    """
  private static let german = """
    aber als auch auf aus bei bin bitte da das dass dem den denn der des dich dir doch du ein eine einem einen einer \
    es für gibt haben habe hat hier ich ihr ihre im ist ja kann kannst kein keine können man mein meine mich mir mit \
    muss nach nicht noch nur oder sie sind soll um und uns unser vom von wann warum was welche welcher welches wem \
    wenn wer werden wie wieso wir wird wo zu zum zur über
    """
  private static let french = """
    au aux avec ce ces cette combien comment dans de des du elle elles en est et il ils je la le les leur ma mais mes \
    moi mon ne nous ou où par pas pour pourquoi puis-je quand que quel quelle quelles quels qui quoi sa ses son sont \
    sur ta tes un une votre vous à
    """
  private static let spanish = """
    al como con cuando cuándo cuánto cuánta cuántos cuántas cuál cuáles cómo del dónde el ella en es esta este hay la \
    las lo los me mi mis no nos para pero por porque qué puedo que quién se si su sus tengo tiene un una y yo
    """
}
