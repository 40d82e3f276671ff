// What one unknown word of a reply may be made of: a private name with its letters doubled, turned round as in Pig Latin or in any
// other order, or without its vowels. Asked only of words that nobody knows, so that ordinary text has nothing to fear of it.

/// Keys of names in forms that word games give them.
enum NameForms {
  /// A name with fewer letters is too near to others when they are in another order.
  private static let leastInOrder = 5
  /// And with fewer consonants to abbreviations.
  private static let leastConsonants = 4

  private enum Form: UInt64 {
    case once = 1
    case sorted, consonants
  }

  /// Keys of all forms of a private name.
  static func keys(of name: [UInt32]) -> [UInt64] {
    guard name.count >= leastConsonants, name.allSatisfy(Letter.isLatin) else { return [] }
    var keys = [key(once(name), .once)]
    if name.count >= leastInOrder { keys.append(key(name.sorted(), .sorted)) }
    let consonants = name.filter { !isVowel($0) }
    if consonants.count >= leastConsonants, consonants.count < name.count {
      keys.append(key(consonants, .consonants))
    }
    return keys
  }

  /// Whether an unknown word is a form of a name.
  static func isForm(_ word: [UInt32], of names: KeySet) -> Bool {
    guard names.count > 0, word.count >= leastConsonants, word.allSatisfy(Letter.isLatin) else {
      return false
    }
    if names.contains(key(once(word), .once)) { return true }
    if !word.contains(where: isVowel) {
      return names.contains(key(word, .consonants))
        || names.contains(key(once(word), .consonants))
    }
    return endings.contains { ending in
      guard word.count >= leastInOrder + ending.count, word.suffix(ending.count) == ending[...]
      else { return false }
      return names.contains(key(word.dropLast(ending.count).sorted(), .sorted))
    }
  }

  /// What Pig Latin puts last, or nothing.
  private static let endings: [[UInt32]] = ["", "ay", "way", "yay", "hay"]
    .map { $0.unicodeScalars.map(\.value) }

  /// A row of the same letter as one.
  private static func once(_ letters: [UInt32]) -> [UInt32] {
    var kept: [UInt32] = []
    for letter in letters where letter != kept.last { kept.append(letter) }
    return kept
  }

  private static func isVowel(_ letter: UInt32) -> Bool {
    switch letter {
    case 0x61, 0x65, 0x69, 0x6F, 0x75: true
    default: false
    }
  }

  private static func key(_ letters: [UInt32], _ form: Form) -> UInt64 {
    Key.mix(Key.mix(Key.hash(letters), form.rawValue), Key.Kind.nameForm.rawValue)
  }
}
