// Which passwords are too easy to guess (NIST SP 800-63B section 3.1.1.2): short ones, common words under the usual disguises,
// runs of keys, and what everybody knows of the account. No rule asks for digits or signs.

/// Judges a new password.
enum PasswordRules {
  /// Characters.
  static let length = 8...256

  /// Words that lists of stolen passwords begin with, without digits and disguises.
  private static let common: Set<String> = [
    "password", "passwort", "motdepasse", "contrasena", "letmein", "welcome", "willkommen",
    "admin", "administrator", "login", "master", "monkey", "dragon", "football", "baseball",
    "basketball", "superman", "batman", "sunshine", "princess", "iloveyou", "trustno", "shadow",
    "michael", "jennifer", "jordan", "hunter", "charlie", "andrew", "michelle", "jessica",
    "starwars", "whatever", "freedom", "computer", "internet", "samsung", "google", "facebook",
    "pokemon", "liverpool", "chelsea", "arsenal", "cheese", "secret", "changeme", "default",
    "test", "testing", "guest", "root", "user", "qwerty", "qwertz", "azerty", "asdf", "asdfgh",
    "asdfghjkl", "zxcvbn", "zxcvbnm", "qwertyuiop", "abc", "abcd", "abcdef", "abcdefgh", "bobbin",
    "summer", "winter", "spring", "autumn", "flower", "lovely", "ashley", "daniel", "matthew",
    "joshua", "thomas", "robert", "maggie", "ginger", "pepper", "cookie", "killer", "soccer",
    "hockey", "mustang", "ranger", "access", "matrix", "ninja", "mickey", "donald", "passw",
    "passwd", "pass", "temp", "temporary", "hallo", "hello", "schatz", "geheim", "sommer",
  ]
  private static let disguises: [Character: Character] = [
    "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i",
  ]
  private static let rows = [
    "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "azertyuiop",
    "asdfghjkl", "zxcvbnm", "yxcvbnm", "1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv", "qazwsxedcrfv",
  ]

  /// Whether a password may be used by the account of `email`.
  static func allows(_ password: String, email: String, name: String) -> Bool {
    guard length.contains(password.unicodeScalars.count) else { return false }
    let lower = password.precomposed.lowercased()
    if Set(lower).count < 4 { return false }
    if isRun(lower) || isRepetition(lower) { return false }
    let letters = letters(of: lower)
    // "p4ssword123!" without its ends and its disguise.
    let core = lower.drop { !$0.isLetter }.reversed().drop { !$0.isLetter }.reversed()
    let disguised = self.letters(of: String(core.map { disguises[$0] ?? $0 }))
    for word in [letters, disguised] where common.contains(word) { return false }
    let local = email.split(separator: "@").first.map { String($0) } ?? ""
    for known in [email, local, name.lowercased()] where known.count >= 4 {
      if lower == known || letters == self.letters(of: known) { return false }
    }
    return true
  }

  /// Only the letters.
  private static func letters(of text: String) -> String { text.filter(\.isLetter) }

  /// Whether it is a piece of a row of keys, forwards or backwards, or two such pieces.
  private static func isRun(_ text: String) -> Bool {
    let half = String(text.prefix(text.count / 2))
    let other = String(text.dropFirst(text.count / 2))
    func isPiece(_ part: String) -> Bool {
      rows.contains { $0.contains(part) || String($0.reversed()).contains(part) }
    }
    return isPiece(text) || (half.count >= 4 && isPiece(half) && isPiece(other))
  }

  /// Whether it is one short piece over and over.
  private static func isRepetition(_ text: String) -> Bool {
    (1...4).contains { size in
      let piece = text.prefix(size)
      return text
        == String(String(repeating: String(piece), count: text.count / size + 1).prefix(text.count))
    }
  }
}
