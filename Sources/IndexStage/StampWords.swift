// The words by which a line says that it is about its page and not about the page's matter: when it was made or shown, how often
// it was seen, what may be clicked. In the languages of most sites; a line in another one is taken at its word.
//
// "Published" and "effective" are not among them: they tell two notices of the same words apart.

/// Lines that say something of their page alone.
enum StampWords {
  /// What stands where a date or a number was: no word of a text, for it is a mark of punctuation alone.
  static let mask = "…"

  /// Words of a line that may hold a stamp.
  private static let longestStamp = 16
  private static let longestCounter = 10

  /// A line with the dates of its stamps and the numbers of its counters masked.
  static func masked(_ words: [String]) -> [String] {
    if isCounter(words) { return words.map { hasDigit($0) ? mask : $0 } }
    guard words.count <= longestStamp else { return words }
    var masked = words
    var position = 0
    while position < words.count {
      guard let start = dateStart(words, position) else {
        position += 1
        continue
      }
      var end = start
      var last = start
      while end < words.count, isDatePart(words, end) || dateLinks.contains(words[end]) {
        end += 1
        if isDatePart(words, end - 1) { last = end }
      }
      if words[start..<last].contains(where: saysDate) {
        masked.replaceSubrange(start..<last, with: repeatElement("", count: last - start))
        masked[start] = mask
      }
      position = max(last, position + 1)
    }
    return masked.filter { !$0.isEmpty }
  }

  /// Where the date of a stamp begins whose key ends at `position`; nil when none does.
  private static func dateStart(_ words: [String], _ position: Int) -> Int? {
    let word = words[position]
    let isKey =
      keys.contains(word) || (position > 0 && pairs.contains("\(words[position - 1]) \(word)"))
      || (position == 0 && onlyAlone.contains(word)
        && words.indices.dropFirst().allSatisfy {
          isDatePart(words, $0) || dateLinks.contains(words[$0])
        })
    guard isKey else { return nil }
    var start = position + 1
    while start < words.count, start <= position + 3, dateLinks.contains(words[start]) {
      start += 1
    }
    return start < words.count && isDatePart(words, start) ? start : nil
  }

  private static func isCounter(_ words: [String]) -> Bool {
    words.count <= longestCounter && words.contains(where: hasDigit)
      && words.contains(where: counters.contains)
      && words.allSatisfy { isNumber($0) || counters.contains($0) || counterWords.contains($0) }
  }

  /// Whether a line is there to be clicked and says nothing.
  static func isFurniture(_ words: [String]) -> Bool {
    words.count <= 5 && furniture.contains(words.joined(separator: " "))
  }

  /// A title without what says that it is for printing.
  static func withoutPrinting(_ words: [String]) -> [String] {
    for phrase in printing {
      guard words.count > phrase.count else { continue }
      for start in 0...words.count - phrase.count
      where words[start..<start + phrase.count].elementsEqual(phrase) {
        return Array(words[..<start] + words[(start + phrase.count)...])
          .filter { !["-", "–", "—"].contains($0) }
      }
    }
    return words.filter { !["-", "–", "—"].contains($0) }
  }

  // MARK: Kinds of words

  private static func hasDigit(_ word: String) -> Bool {
    word.utf8.contains { (48...57).contains($0) }
  }

  private static func isNumber(_ word: String) -> Bool {
    hasDigit(word) && word.utf8.allSatisfy { (48...57).contains($0) || ".,'".utf8.contains($0) }
  }

  /// Whether a word is a part of a date or a time where it stands: `2026-11-27`, `14:03`, `3rd`, `10pm`, a month, a weekday, a time
  /// zone; a number only beside a month or in front of `pm`, for behind a date there may stand a price.
  private static func isDatePart(_ words: [String], _ position: Int) -> Bool {
    let word = words[position]
    if months.contains(word) || calendar.contains(word) { return true }
    guard hasDigit(word), word.utf8.count <= 32,
      word.utf8.allSatisfy({ (48...57).contains($0) || ".:/-+–stndrhampmzetr".utf8.contains($0) })
    else { return false }
    if saysDate(word) { return true }
    let number = word.prefix { ("0"..."9").contains($0) }
    guard number.count <= 2 else { return false }
    if ["st", "nd", "rd", "th", "er", "am", "pm"].contains(word[number.endIndex...]) {
      return true
    }
    guard number.count == word.count else { return false }
    let next = position + 1 < words.count ? words[position + 1] : ""
    let before = position > 0 ? words[position - 1] : ""
    let beyond = position + 2 < words.count ? words[position + 2] : ""
    return months.contains(next) || months.contains(before) || ["am", "pm", "uhr"].contains(next)
      || (["of", "de"].contains(next) && months.contains(beyond))
  }

  /// Whether a word alone is a date or a time, and not some number: it has a year, or figures held together by a colon or by two
  /// points, strokes or dashes.
  private static func saysDate(_ word: String) -> Bool {
    let parts = word.split { !("0"..."9").contains($0) }
    if parts.contains(where: { $0.count == 4 && ($0.hasPrefix("19") || $0.hasPrefix("20")) }) {
      return true
    }
    return word.contains(":") ? parts.count >= 2 : parts.count >= 3
  }

  private static let keys: Set<String> = [
    "updated", "printed", "retrieved", "accessed", "copyright", "©", "aktualisiert", "gedruckt",
    "ausgedruckt", "abgerufen", "bijgewerkt", "afgedrukt", "actualizado", "actualizada", "impreso",
    "atualizado", "atualizada", "impresso", "aggiornato", "aggiornata", "stampato", "imprimé",
    "imprimée",
  ]
  private static let pairs: Set<String> = [
    "last update", "last modified", "last changed", "last edited", "last reviewed", "last visited",
    "page generated", "page rendered", "today is", "current time", "current date",
    "letzte änderung",
    "letzte aktualisierung", "zuletzt geändert", "heute ist", "à jour", "dernière modification",
    "última actualización", "última modificación", "última atualização", "ultimo aggiornamento",
    "ultima modifica", "laatst gewijzigd", "laatste wijziging",
  ]
  /// German "as of": a stamp where nothing else stands in its line.
  private static let onlyAlone: Set<String> = ["stand"]
  private static let dateLinks: Set<String> = [
    "on", "at", "the", "of", "am", "um", "den", "uhr", "le", "à", "el", "a", "las", "il", "op",
    "om",
    "em", "às", "de", "del", "-", "–", "date", "time",
  ]
  /// Months.
  private static let months: Set<String> = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
    "sept", "oct", "nov", "dec", "januar", "februar", "märz", "mai", "juni", "juli", "oktober",
    "dezember", "janvier", "février", "mars", "avril", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre", "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", "gennaio", "febbraio",
    "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre", "januari",
    "februari", "maart", "mei", "augustus", "janeiro", "fevereiro", "março", "maio", "junho",
    "julho", "setembro", "outubro", "novembro", "dezembro",
  ]
  /// Weekdays and time zones.
  private static let calendar: Set<String> = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue",
    "wed", "thu", "fri", "sat", "sun", "pm", "gmt", "utc", "cet", "cest", "bst", "est", "edt",
    "pst", "pdt", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
  ]
  private static let counters: Set<String> = [
    "visitor", "visitors", "visits", "hits", "views", "pageviews", "viewed", "downloads",
    "downloaded",
    "likes", "shares", "comments", "counter", "generated", "rendered", "besucher", "besuche",
    "seitenaufrufe", "aufrufe", "zugriffe", "kommentare", "generiert", "visiteurs", "visites",
    "vues",
    "commentaires", "visitas", "visitantes", "comentarios", "visite", "visitatori", "commenti",
    "bezoekers", "weergaven", "reacties",
  ]
  private static let counterWords: Set<String> = [
    "you", "are", "the", "our", "number", "no", "nr", "page", "pages", "this", "has", "have",
    "been",
    "had", "times", "since", "total", "today", "yesterday", "online", "now", "so", "far", "in",
    "with",
    "queries", "seconds", "second", "sec", "s", "ms", "unique", "sie", "sind", "der", "die",
    "heute",
    "gestern", "gesamt", "seite", "diese", "wurde", "mal", "sekunden", "seit",
  ]
  private static let furniture: Set<String> = [
    "print", "print this", "print this page", "print page", "print version", "printable version",
    "printer-friendly version", "printer friendly version", "back", "back to top", "to top", "top",
    "share", "share this", "share this page", "tweet", "email this page", "email", "close",
    "close window", "skip to content", "skip to main content", "drucken", "seite drucken",
    "druckversion", "druckansicht", "nach oben", "zurück", "teilen", "seite teilen",
    "fenster schließen", "imprimer", "version imprimable", "haut de page", "partager", "retour",
    "imprimir", "versión para imprimir", "compartir", "volver", "stampa", "condividi", "afdrukken",
    "delen", "terug",
  ]
  private static let printing: [[String]] = [
    ["printer-friendly", "version"], ["printer", "friendly", "version"], ["printable", "version"],
    ["print", "version"], ["print", "view"], ["version", "imprimable"],
    ["versión", "para", "imprimir"], ["druckversion"], ["druckansicht"],
  ]
}
