// Which Snowball algorithm a word is stemmed by: the document's language if it is written in the word's script, otherwise
// the script's usual one. So an English name in a Russian text is stemmed as English.
//
// The raw values are the bit numbers of header field `stemmers`: they are part of the format and never change meaning.

/// A stemmer of libstemmer, or none.
enum StemmingAlgorithm: UInt8, CaseIterable, Sendable {
  case plain = 0
  case english = 1
  case french, german, spanish, italian, portuguese, dutch, swedish, norwegian, danish, finnish
  case hungarian, romanian, turkish, catalan, basque, irish, indonesian, lithuanian
  case russian, serbian, greek, armenian, arabic, hindi, nepali, tamil, yiddish

  /// The algorithm for words of `script` in a text of `language` (a BCP 47 tag; nil when unknown).
  static func chosen(for script: Script, language: String?) -> StemmingAlgorithm {
    if let language, let named = tags[primaryTag(language)], named.script == script { return named }
    // A language that is written in this script and that no stemmer knows stays as it is.
    if let language, script == .latin, !otherScripts.contains(primaryTag(language)) {
      return .plain
    }
    if let language, script == .cyrillic, ["uk", "bg", "mk", "be"].contains(primaryTag(language)) {
      return .plain
    }
    return usual(for: script)
  }

  /// The algorithm for words of `script` when nothing is known of the language.
  static func usual(for script: Script) -> StemmingAlgorithm {
    switch script {
    case .latin: .english
    case .greek: .greek
    case .cyrillic: .russian
    case .armenian: .armenian
    case .arabic: .arabic
    case .devanagari: .hindi
    case .tamil: .tamil
    case .hebrew, .other, .unspaced: .plain
    }
  }

  /// The script whose words this algorithm changes; nil for `plain`.
  var script: Script? {
    switch self {
    case .plain: nil
    case .russian, .serbian: .cyrillic
    case .greek: .greek
    case .armenian: .armenian
    case .arabic: .arabic
    case .hindi, .nepali: .devanagari
    case .tamil: .tamil
    case .yiddish: .hebrew
    default: .latin
    }
  }

  private static func primaryTag(_ language: String) -> String {
    language.prefix { $0 != "-" && $0 != "_" }.lowercased()
  }

  /// Languages without a stemmer here that are not written in Latin letters: Latin words in them are likely English.
  private static let otherScripts: Set<String> = [
    "zh", "ja", "ko", "th", "lo", "km", "my", "he", "iw", "fa", "ur", "uk", "bg", "mk", "be", "ka",
    "am", "bn", "gu", "kn", "ml", "mr", "pa", "te", "si", "kk", "ky", "mn", "ps", "ru", "sr", "el",
    "hy", "ar", "hi", "ne", "ta", "yi", "und", "mul",
  ]

  private static let tags: [String: StemmingAlgorithm] = [
    "en": .english, "fr": .french, "de": .german, "es": .spanish, "it": .italian,
    "pt": .portuguese, "nl": .dutch, "sv": .swedish, "no": .norwegian, "nb": .norwegian,
    "nn": .norwegian, "da": .danish, "fi": .finnish, "hu": .hungarian, "ro": .romanian,
    "tr": .turkish, "ca": .catalan, "eu": .basque, "ga": .irish, "id": .indonesian,
    "lt": .lithuanian, "ru": .russian, "sr": .serbian, "el": .greek, "hy": .armenian,
    "ar": .arabic, "hi": .hindi, "ne": .nepali, "ta": .tamil, "yi": .yiddish,
  ]
}
