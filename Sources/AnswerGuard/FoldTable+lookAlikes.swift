// Letters of other scripts, and Latin ones with hooks and strokes, that look like plain Latin letters.
//
// They are folded always, on both sides of every comparison, so a word of such a script becomes odd letters, but the same odd
// letters each time. Where capital and small letter look like two different ones, the small one decides; only beside plain
// Latin letters a capital is read by its own shape, for words of one script are written in both cases.

extension FoldTable {
  /// Lower-case letters that look like Latin ones, by their values.
  static let lookAlikes: [UInt32: [UInt32]] = {
    var all: [UInt32: [UInt32]] = [:]
    for pairs in [european, caucasian, syllabic, ancient, latin] {
      for (dressed, plain) in table(pairs) {
        all[dressed] = plain
        guard let scalar = Unicode.Scalar(dressed) else { continue }
        for lower in scalar.properties.lowercaseMapping.unicodeScalars { all[lower.value] = plain }
      }
    }
    return all
  }()

  /// What a capital looks like if its small letter looks like another one.
  static let capitalShapes: [UInt32: UInt32] = {
    var shapes: [UInt32: UInt32] = [:]
    for (plain, dressed) in [
      ("h", "ΗΉ"), ("n", "Ν"), ("y", "ΥΎΫ"), ("m", "Μ"), ("s", "Տ"),
    ] {
      for scalar in dressed.unicodeScalars {
        shapes[scalar.value] = plain.unicodeScalars.first?.value
      }
    }
    return shapes
  }()

  /// Cyrillic and Greek.
  private static let european = [
    "a": "аα", "b": "вьβ", "c": "сϲҫ", "d": "ԁԃ", "e": "еєεҽҿәԑ", "f": "ϝғ", "g": "ԍ", "h": "һнңӈҥ",
    "i": "іιꙇ", "j": "јϳ", "k": "кκқҝҟҡӄ", "l": "ӏ", "m": "мϻӎ", "n": "ηпπ", "o": "оοσςөѳ",
    "p": "рρҏ", "q": "ԛϙ", "r": "гᴦґ", "s": "ѕ", "t": "тτҭ", "u": "υμ", "v": "ѵν", "w": "ԝшωѡꙍ",
    "x": "хχҳӽӿ", "y": "уүγұ", "z": "ζ",
  ]

  /// Armenian and Georgian.
  private static let caucasian = [
    "g": "ց", "h": "հ", "j": "յ", "l": "լ", "n": "ոռղ", "o": "օჿ", "q": "զ", "s": "Ⴝ", "u": "ս",
    "w": "ա",
  ]

  /// Cherokee, Lisu, Tifinagh, Canadian syllables, and two letters of India.
  private static let syllabic = [
    "a": "Ꭺꓮᗅᗩ", "b": "ᏴᏏꓐᗷ", "c": "Ꮯꓚᑕ", "d": "ᎠᏧꓓᗞᗪᑯ", "e": "ᎬꓰᗴᕮⴹᎬ", "f": "ꓝᖴ", "g": "ᏀᏳᎶꓖᘜ",
    "h": "ᎻᏂᏲꓧᕼ", "i": "ᎥꓲᎨ", "j": "Ꭻꓙᒍ", "k": "Ꮶꓗ", "l": "Ꮮꓡᒪⵏ", "m": "Ꮇꓟᗰ", "n": "ꓠᑎ",
    "o": "ꓳⵔഠଠᎾ", "p": "Ꮲꓑᑭ", "q": "ⵕ", "r": "ᎡᏒꓣᖇ", "s": "ᏚᏕꓢᔕ", "t": "Ꭲꓔ", "u": "ꓴᑌᏌ", "v": "Ꮩꓦᐯ",
    "w": "ᎳᏔꓪᗯ", "x": "ꓫⵝ", "y": "ᎩᎽꓬ", "z": "Ꮓꓜᘔ",
  ]

  /// Coptic, runes, Deseret, Old Italic, Lycian and Carian.
  private static let ancient = [
    "a": "Ⲁ𐌀𐊠", "b": "Ⲃᛒ𐌁𐊂𐊡", "c": "Ⲥ𐐕𐌂𐊢", "e": "Ⲉ𐊆", "f": "ᚠ𐊇𐊥", "h": "Ⲏᚺ𐋏", "i": "Ⲓᛁ𐌉𐊊𐌠",
    "k": "Ⲕᛕ𐌊", "l": "Ⳑᛚ𐐛", "m": "Ⲙᛖ𐌑𐊰", "n": "Ⲛ", "o": "Ⲟ𐐄𐌏𐊒𐊫", "p": "Ⲣ𐊕", "r": "Ⲅᚱ", "s": "𐐠𐊖",
    "t": "Ⲧ𐌕𐊗𐊱", "w": "Ⲱ", "x": "Ⲭᚷ𐌗𐌢𐊐𐊴", "y": "Ⲩ𐊲", "z": "Ⲍ",
  ]

  /// Letters of phonetics and of languages with hooks and strokes, which decompose into nothing.
  private static let latin = [
    "a": "ɑⱥᶏ", "b": "ƃꞗᵬᶀ", "c": "ȼꞓ", "d": "ƌᵭᶁᶑȡ", "e": "ɇəɘɛⱸᶒ", "f": "ƒᵮᶂ", "g": "ǥᶃ",
    "h": "ⱨ",
    "i": "ɩᶖᵻ", "j": "ɉʝ", "k": "ⱪꝁꝃꝅᶄ", "l": "ƚɬɭⱡꝉᶅǀȴ", "m": "ɱᵯᶆ", "n": "ƞɳᵰᶇȵ", "o": "ꝋꝍⱺᴑ",
    "p": "ꝑꝓꝕᵱᶈᵽ",
    "q": "ɋꝗꝙ", "r": "ɼɽᵲᵳᶉⱹꝛ", "s": "ȿƨᵴᶊ", "t": "ƫʈⱦᵵȶ", "u": "ʊᶙᵾ", "v": "ʋꝟⱱⱴᶌ", "w": "ⱳ",
    "x": "ᶍ",
    "y": "ɏƴ", "z": "ʑʒᵶᶎⱬɀ",
  ]
}
