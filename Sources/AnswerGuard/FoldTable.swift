// Letters in another dress: wide, bold, enclosed, raised, small capitals, ligatures, and letters that look like Latin ones.
//
// Unicode's compatibility mappings (NFKC) of single characters, by ranges where the blocks are regular, the rest in
// FoldTable+compatibility; and letters that no mapping knows. Letters of other scripts: FoldTable+lookAlikes. What is in none of
// them stays itself and is, in a Latin text, an unknown word to step 7.

/// Plain letters for dressed-up ones.
enum FoldTable {
  /// The lower-case letters or digits that a compatibility character stands for; nil when it is none.
  static func compatible(_ value: UInt32) -> [UInt32]? {
    switch value {
    case 0xFF10...0xFF19: return [value - 0xFF10 + 0x30]
    case 0xFF21...0xFF3A: return [value - 0xFF21 + 0x61]
    case 0xFF41...0xFF5A: return [value - 0xFF41 + 0x61]
    case 0x1D400...0x1D6A3: return [(value - 0x1D400) % 26 + 0x61]
    case 0x1D7CE...0x1D7FF: return [(value - 0x1D7CE) % 10 + 0x30]
    case 0x2460...0x2473: return digits(value - 0x2460 + 1)
    case 0x2474...0x2487: return digits(value - 0x2474 + 1)
    case 0x2488...0x249B: return digits(value - 0x2488 + 1)
    case 0x249C...0x24B5: return [value - 0x249C + 0x61]
    case 0x24B6...0x24CF: return [value - 0x24B6 + 0x61]
    case 0x24D0...0x24E9: return [value - 0x24D0 + 0x61]
    case 0x24EA, 0x24FF: return [0x30]
    case 0x24EB...0x24F4: return digits(value - 0x24EB + 11)
    case 0x24F5...0x24FE: return digits(value - 0x24F5 + 1)
    case 0x2776...0x2793: return digits((value - 0x2776) % 10 + 1)
    case 0x1F110...0x1F129: return [value - 0x1F110 + 0x61]
    case 0x1F130...0x1F149: return [value - 0x1F130 + 0x61]
    case 0x1F150...0x1F169: return [value - 0x1F150 + 0x61]
    case 0x1F170...0x1F189: return [value - 0x1F170 + 0x61]
    case 0x1F1E6...0x1F1FF: return [value - 0x1F1E6 + 0x61]
    case 0x2074...0x2079: return [value - 0x2074 + 0x34]
    case 0x2080...0x2089: return [value - 0x2080 + 0x30]
    case 0x1FBF0...0x1FBF9: return [value - 0x1FBF0 + 0x30]
    default: return single[value] ?? compatibility[value]
    }
  }

  /// The letters that a lower-case letter without accents stands for.
  static func plain(_ letter: UInt32) -> [UInt32] {
    guard letter >= 0x80 else { return [letter] }
    return (compatible(letter) ?? [letter]).flatMap { lookAlikes[$0] ?? [$0] }
  }

  private static func digits(_ number: UInt32) -> [UInt32] {
    number < 10 ? [0x30 + number] : [0x30 + number / 10, 0x30 + number % 10]
  }

  /// Pairs of a plain text and the characters that stand for it.
  private static let single: [UInt32: [UInt32]] = table([
    // Raised, lowered and modifier letters.
    "0": "⁰", "1": "¹", "2": "²", "3": "³",
    "a": "ªᵃₐᴬᴀɐ", "b": "ᵇᴮʙ", "c": "ᶜᴄɔↄ", "d": "ᵈᴰᴅⅆⅅ", "e": "ᵉₑᴱᴇǝℯℰⅇ", "f": "ᶠꜰɟℱ",
    "g": "ᵍᴳɢℊɡ", "h": "ʰₕᴴʜɥℎℋℌℍℏ", "i": "ⁱᵢᴵɪᴉℐℑⅈı", "j": "ʲⱼᴶᴊɾⅉȷ", "k": "ᵏₖᴷᴋʞ",
    "l": "ˡₗᴸʟℓℒ", "m": "ᵐₘᴹᴍɯℳ", "n": "ⁿₙᴺɴℕ", "o": "ºᵒₒᴼᴏℴ", "p": "ᵖₚᴾᴘℙ", "q": "ꞯℚ",
    "r": "ʳᵣᴿʀɹℛℜℝ", "s": "ˢₛꜱ", "t": "ᵗₜᵀᴛʇ", "u": "ᵘᵤᵁᴜ", "v": "ᵛᵥⱽᴠʌ", "w": "ʷᵂᴡʍ",
    "x": "ˣₓ", "y": "ʸʏʎ", "z": "ᶻᴢℤℨ",
    // Ligatures and letters that decomposition leaves whole.
    "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ", "ffi": "ﬃ", "ffl": "ﬄ", "st": "ﬅﬆ", "ss": "ßẞ", "ae": "æÆ",
    "oe": "œŒ", "ij": "ĳĲ", "th": "þÞ", "no": "№", "tm": "™", "tel": "℡",
  ]).merging(
    table([
      "b": "ℬƀɓ", "c": "ℂℭƈ", "d": "đĐðÐɖɗ", "h": "ħĦɦ", "i": "ɨ", "k": "ƙ", "l": "łŁɫ", "n": "ŋŊɲ",
      "o": "øØɵ", "p": "ƥ", "q": "ʠ", "s": "ſʂ", "t": "ŧŦƭ", "u": "ʉ", "z": "ƶȥʐ", "r": "ɍ",
      "g": "ɠ", "a": "⍺", "v": "∨⋁", "w": "⍵", "x": "᙭✕", "ab": "🆎", "cl": "🆑", "id": "🆔",
      "ng": "🆖",
      "ok": "🆗", "vs": "🆚", "ts": "ʦ", "dz": "ʣ", "aa": "ꜳ", "ao": "ꜵ", "au": "ꜷ", "av": "ꜹꜻ",
      "ay": "ꜽ",
      "oo": "ꝏ", "vy": "ꝡ",
    ]).merging(table(["i": "⍳⍸", "p": "⍴", "t": "⊤⟙", "u": "∪⋃", "l": "∣"])) { first, _ in first }
  ) { first, _ in first }

  /// Pairs of a plain text and the characters that stand for it, as one table.
  static func table(_ pairs: [String: String]) -> [UInt32: [UInt32]] {
    var table: [UInt32: [UInt32]] = [:]
    for (plain, dressed) in pairs {
      for scalar in dressed.unicodeScalars {
        table[scalar.value] = plain.unicodeScalars.map(\.value)
      }
    }
    return table
  }
}
