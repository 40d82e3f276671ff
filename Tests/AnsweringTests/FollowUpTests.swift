import Testing
import VectorShard

@testable import Answering

/// Questions that go on from earlier ones.
@Suite struct FollowUpTests {
  @Test(arguments: [
    (
      "And for part-timers?", "How many days of paid leave do I get?",
      ["days", "paid", "leave", "part-timers"]
    ),
    (
      "How long does it take?", "What does the bicycle repair cost?", ["bicycle", "repair", "take"]
    ),
    ("Why?", "Is the workshop closed on Mondays?", ["workshop", "closed", "Mondays"]),
    ("What about the Magpie?", "What does the Otter weigh?", ["Otter", "weigh", "Magpie"]),
    ("Und am Sonntag?", "Wann öffnet der Laden?", ["öffnet", "Laden", "Sonntag"]),
  ])
  func `a follow-up takes the topic along`(question: String, before: String, words: [String]) {
    let whole = FollowUp.whole(question, after: [before]).text
    for word in words { #expect(whole.contains(word), "\(whole)") }
    #expect(whole.hasSuffix(question))
  }

  @Test(arguments: [
    "How long does an apprenticeship as a bicycle mechanic last?",
    "Can I insure a bicycle that I buy from you against theft?",
    "What is the range of a Magpie with one battery?",
    "Wann öffnen Sie am Samstag die Werkstatt?", "Was kostet Ihr Lastenrad im Verleih?",
    "¿Puedo pagar en efectivo los domingos?", "¿Dónde están los baños del taller?",
    "Est-ce que je peux payer en ligne par carte ?",
  ])
  func `a question that stands alone is left alone`(question: String) {
    #expect(FollowUp.whole(question, after: ["What does the Otter weigh?"]).text == question)
  }

  @Test func `without a past nothing is carried, and the topic comes through several turns`() {
    #expect(FollowUp.whole("And why?", after: []).text == "And why?")
    let whole = FollowUp.whole(
      "And on Sundays?", after: ["When does the shop in Harbour Street open?", "And on Mondays?"]
    ).text
    #expect(whole.contains("Harbour") && whole.contains("Sundays"))
  }

  @Test func `what was asked now counts more than what was asked before`() async throws {
    let shards = try TestShards()
    let (opens, closes) = ("The library opens at nine.", "The library closes at six.")
    let shard = try await shards.write([
      TestDocument(source: "public", title: "Library", chunks: [opens, closes])
    ])
    let words = try ShardWords.citable(in: shard, visibilities: request("").visibilities)
    let followUp = FollowUp.whole(
      "And when does it close?", after: ["When does the library open?"])
    let question = try QuestionWords(followUp, words: words)
    #expect(question.coverage(of: closes) > question.coverage(of: opens))
    // A word of both questions is one of the last.
    let both = try QuestionWords(
      WholeQuestion("When does the library close?", carried: "library open"), words: words)
    let alone = try QuestionWords(
      WholeQuestion("When does the library close? Open?"), words: words)
    #expect(both.coverage(of: closes) > alone.coverage(of: closes))
    #expect(both.coverage(of: "A library.") > both.coverage(of: "Open."))
  }

  @Test func `a model writes it, and what it makes of it is checked`() async {
    func model(_ reply: String) -> LanguageModel {
      LanguageModel(name: "scripted") { _ in
        AsyncThrowingStream { continuation in
          continuation.yield(.text(reply))
          continuation.finish()
        }
      }
    }
    let written = await FollowUp.written(
      "And for part-timers?", after: ["How many days of leave?"],
      by: model(" How many days of leave do part-timers get?\n"))
    #expect(
      written == "How many days of leave do part-timers get?\n"
        || written?.hasPrefix("How many") == true)
    let strayed = await FollowUp.written(
      "And for part-timers?", after: ["x"], by: model("I cannot help with that."))
    #expect(strayed == nil)
    let endless = await FollowUp.written(
      "And for part-timers?", after: ["x"], by: model(String(repeating: "part-timers ", count: 99)))
    #expect(endless == nil)
  }
}
