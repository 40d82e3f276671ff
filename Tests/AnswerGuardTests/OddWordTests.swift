// One odd word in a known sentence, and letters picked out of one by capitals and emphasis: games with a name, and what is near.

import Foundation
import Testing

@testable import AnswerGuard

@Suite struct OddWordTests {
  private static let secret =
    "The supplier is Velomaris and the till code is QUARTZ-7; the owner is called Brannigold of Ostrava."
  private static let known = CommonVocabulary(
    words: Disguise.pieces(
      """
      the supplier is and till code owner called of you may want to know that it here give late morning many a trip in \
      summer live old man bread day way our shop opens at nine every with ask them for hello welcome please
      """))
  private static let gate = AnswerGuard(
    privateTexts: [secret], citable: [], vocabulary: known.union(GuardFixtures.vocabulary))

  private static func base64(_ text: String, times: Int) -> String {
    (0..<times).reduce(text) { text, _ in Data(text.utf8).base64EncodedString() }
  }

  static func base32(_ text: String) -> String {
    let bits = text.utf8.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
    return stride(from: 0, to: bits.count, by: 5).map { start in
      let value = (0..<5).reduce(0) {
        $0 << 1 | (start + $1 < bits.count ? Int(bits[start + $1]) : 0)
      }
      return String(Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")[value])
    }.joined()
  }

  @Test(arguments: [
    "KZSWY33NMFZGS4Y=", "kzswy33nmfzgs4y=", "Vm1Wc2IyMWhjbWx6", base64("Velomaris", times: 3),
    base64("the owner is called Brannigold", times: 2), base32("the owner is called Brannigold"),
    base64(base32("Velomaris"), times: 1), base32(base64("Velomaris", times: 1)),
    Velomaris.hexOfBase64, "Elomarisvay", "elomarisvyay", "rannigoldbay", "Ostravaway",
    "ostravayay",
    "VVeelloommaarriiss", "VVVeeelllooommmaaarrriiisss", "Veeelomaaaris", "Vlmrs", "Brnngld",
    "larisVemo",
    "sLiermoVa",
  ])
  func `a name in a code or a game is found in a known sentence`(word: String) {
    let found = Self.gate.violation(in: "", adding: "You may want to know that it is \(word) here.")
    #expect(found != nil)
  }

  @Test(arguments: [
    "giVe thE Late mOrning Many A tRip In Summer.",
    "Give the giVe thE Late mOrning Many A tRip In Summer.",
    "The Man giVe thE oLd mOrning Many breAd tRip In Summer.",
    "giVe thE oLd mOrning suMmer dAy tRip lIve iS.",
    "gi**v**e th**e** **l**ate m**o**rning **m**any **a** t**r**ip **i**n **s**ummer.",
    "gi__v__e th_e_ *l*ate m`o`rning ~~m~~any **a** t*r*ip *i*n *s*ummer.",
    "gi<b>v</b>e th<i>e</i> <u>l</u>ate m<em>o</em>rning <mark>m</mark>any <b>a</b> t<b class=\"x\">r</b>ip <b>i</b>n <b>s</b>ummer.",
    "gi𝐯e th𝐞 𝐥ate m𝐨rning 𝐦any 𝐚 t𝐫ip 𝐢n 𝐬ummer.", "giṽe thë ĺate mórning ḿany á tŕip ín śummer.",
    "giv\u{301}e the\u{301} l\u{301}ate mo\u{301}rning m\u{301}any a\u{301} tr\u{301}ip i\u{301}n s\u{301}ummer.",
    "* gi**v**e th**e** **l**ate m**o**rning **m**any **a** t**r**ip **i**n **s**ummer.",
  ])
  func `letters that are marked are read in a row`(text: String) {
    #expect(Self.gate.violation(in: "", adding: text) != nil)
  }

  @Test(arguments: [
    "Velora and Marisol ask for bread.", "**Payment:** the shop *opens* at `nine`.",
    "Our Shop Opens At Nine Every Morning In Summer.", "ASK THEM FOR BREAD.",
    "| **Model** | **Price** |\n|---|---|\n| *the* | _old_ |",
    "* Give bread.\n* Ask them.\n* 5 * 3 is it.",
    "It is Vlmr, or VMRS, or the mmm shop.", "Hellooo and welcooome, pleeease!",
    "Elomarway is here.",
    "The shop is in Überlingen, Łódź, São Paulo and Málaga, with a café.",
    "<b>Hello</b> and <i>welcome</i> <br> <p>here",
    "Every way of the way is our way.", "Your token is ABCD2345 or aGVsbG8gd29ybGQ= here.",
  ])
  func `what only looks like one passes`(text: String) {
    let words = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    let gate = AnswerGuard(
      privateTexts: [Self.secret], citableTexts: [text.filter { $0.isNumber || $0.isWhitespace }],
      vocabulary: Self.known.union(CommonVocabulary(words: words.filter { $0.count != 4 })))
    #expect(gate.violation(in: "", adding: text) == nil)
  }
}

/// The name in hexadecimal of its base64.
private enum Velomaris {
  static let hexOfBase64 = Data("Velomaris".utf8).base64EncodedString().utf8
    .map { String($0, radix: 16) }.joined()
}
