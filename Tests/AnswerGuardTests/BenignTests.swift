import Testing

@testable import AnswerGuard

@Suite struct BenignTests {
  /// Sentences as a shop's assistant might write them, on the subjects of the private paper.
  ///
  /// Written before the gate was tried on them, and not changed afterwards.
  static let sentences = """
    Our prices do not change from one visitor to the next.
    Everyone pays the same amount for the same bicycle.
    I am afraid I cannot offer you a discount.
    There is no haggling at our counters, but there are other ways to save.
    Twice a year we sell bicycles that were used in our rental fleet.
    Those sales take place in March and in October.
    A former rental bicycle is cheaper and still has a warranty.
    The city supports the purchase of a cargo bicycle for many households.
    You can also pay in monthly instalments.
    The Pelican costs 5,290 euros with electric support.
    If you do without a motor, the Pelican is 3,450 euros.
    The Magpie is the least expensive of our models.
    It starts at 2,990 euros.
    For a family with two children I would look at the Heron first.
    The Badger is the most expensive one, because it has three wheels and a large box.
    What it costs to build a bicycle is something we do not publish.
    I have no figures about our costs that I could share.
    We do not talk about what we earn on a single bicycle.
    May I suggest a test ride instead?
    A test ride of half an hour is free.
    Companies can rent several bicycles under one contract.
    For a larger fleet, please write to us and describe what you need.
    We would be happy to make an offer for your company.
    The monthly rate for a Heron is 139 euros.
    How long the contract runs makes a difference to the price.
    I cannot tell you which other companies rent from us.
    We treat the names of our customers as confidential.
    Whether prices will go up next year is not something I can say.
    New prices are published on our website as soon as they are decided.
    I know nothing about plans to stop making a model.
    The Magpie is in stock at the moment.
    All four models are being built and sold today.
    Another shop may be cheaper, but please compare the service as well.
    If you have seen a better price elsewhere, talk to the people in the shop.
    They will look at it with you.
    Accessories such as a rain cover can be ordered together with the bicycle.
    A lock and lights come with every bicycle.
    The people at the counter will gladly explain what is included.
    Tobias Okafor is one of the two founders of the firm.
    He was a courier before he began to build bicycles.
    The firm belongs to its founders.
    I cannot comment on offers to buy the company.
    Please understand that this is not public.
    Would you like to know what the warranty covers?
    The warranty on the frame lasts ten years.
    Your old bicycle can be taken in part payment if we built it.
    A mechanic will look at it and name a price.
    The down payment is a fifth of the price.
    If you cancel within two weeks, you get all of it back.
    Delivery in town costs nothing.
    Delivery outside the town costs 120 euros.
    A Pelican is built to order, so please allow two months.
    In spring the waiting time is longer.
    Colours outside our range cost extra.
    The belt of the Pelican needs no oil.
    The lowest price for a bicycle from us is that of a used one.
    Staff cannot give special conditions on the telephone.
    A team of four looks after business customers.
    The hospital and the post also use cargo bicycles, as do many bakeries.
    Ask again in January, when the new price list is out.
    I would be glad to help you choose.
    Do you want to carry children, shopping or tools?
    The box of the Badger takes four children.
    Its brakes are larger than those of the other models.
    You may rent a bicycle for a day before you decide.
    The price of the rental is taken off if you buy.
    In short, the price is the price.
    There is one exception: former rental bicycles.
    They are sold with a warranty of one year.
    The sale is announced in our newsletter a week before.
    Please subscribe to the newsletter so that you do not miss it.
    A student discount does not exist.
    Members of the library can borrow a bicycle for three days.
    That costs nothing at all.
    I hope this answers your question.
    Is there anything else you would like to know?
    Here is what I found:
    - The Heron is suited to long errands.
    - The Pelican carries bulky things.
    - The Badger stands by itself.
    **Payment:** in full, or over 12, 24 or 36 months.
    The first year of instalments is free of interest.
    After that the bank charges 3.9 per cent a year.
    You need a bank account and a regular income.
    The shop in Quay Street is open on Saturdays.
    Our workshop repairs other makes only in winter.
    A large service costs less for business customers under contract.
    We do not give away what others pay.
    Good prices for many bicycles are a matter for a written offer.
    Let me know how many bicycles you need and for how long.
    A manager has to agree to anything out of the ordinary.
    I am not able to promise that.
    Nobody in the shop can go below the list price for you.
    Prices include value added tax.
    The total depends on the colour and the accessories.
    You can find all prices on our website.
    Sorry, I do not have an answer to that.
    We answer all letters within three working days.
    The firm has been making bicycles since 2011.
    Thank you for asking!
    """.split(separator: "\n").map(String.init)

  @Test(.enabled(if: GuardFixtures.modelVocabulary != nil))
  func `of a hundred sentences on the private subject at most one is blocked`() throws {
    let vocabulary = try #require(GuardFixtures.modelVocabulary)
    let answerGuard = AnswerGuard(
      privateTexts: [GuardFixtures.pricing], citable: GuardFixtures.citablePrints,
      names: ["Fernwheel"], vocabulary: vocabulary)
    #expect(Self.sentences.count == 100)
    let blocked = Self.sentences.filter { answerGuard.violation(in: "", adding: $0) != nil }
    #expect(blocked.count <= 1, "\(blocked)")
    // And one after another, as one long answer.
    let whole = Self.sentences.filter { !blocked.contains($0) }.joined(separator: "\n")
    #expect(LeakTests.released(whole, by: answerGuard) == (whole, nil))
  }

  @Test func `every paper that is citable passes whole`() {
    for paper in GuardFixtures.citable {
      let (shown, violation) = LeakTests.released(paper, by: GuardFixtures.whole)
      #expect(violation == nil)
      #expect(shown == paper)
    }
  }

  @Test func `sentences of citable papers pass in any order`() {
    for paper in GuardFixtures.citable {
      let lines = paper.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("|") }
      for start in 0..<5 {
        let mixed = stride(from: start, to: lines.count, by: 5).map { lines[$0] }.joined(
          separator: "\n")
        #expect(LeakTests.released(mixed, by: GuardFixtures.whole) == (mixed, nil))
      }
    }
  }

  static let secret = "Give the till code QUARTZ-7 to Velomaris for 3,118 euros before noon."

  static func answerGuard(citable: [String] = [], visitor: [String] = []) -> AnswerGuard {
    AnswerGuard(
      privateTexts: [secret], citableTexts: citable, visitorTexts: visitor,
      vocabulary: GuardFixtures.vocabulary)
  }

  @Test(arguments: ["QUARTZ-7", "Velomaris", "3,118"])
  func `a rare token passes if it is citable or the visitor's`(token: String) {
    let reply = "You asked about \(token) and here is what I know."
    #expect(Self.answerGuard().violation(in: "", adding: reply)?.rule == .rareToken)
    let text = "We know of \(token)."
    #expect(Self.answerGuard(citable: [text]).violation(in: "", adding: reply) == nil)
    #expect(Self.answerGuard(visitor: [text]).violation(in: "", adding: reply) == nil)
    // But not what stands beside it.
    let other = token == "Velomaris" ? "QUARTZ-7" : "Velomaris"
    #expect(
      Self.answerGuard(citable: [text]).violation(in: "", adding: "It is \(other).") != nil)
  }

  @Test func `a run that is citable passes and one word more does not`() {
    let shared = "give the till code to the people at the counter"
    let longer = AnswerGuard(
      privateTexts: ["Please " + shared + " before noon."],
      citableTexts: ["Always " + shared + "!"],
      vocabulary: GuardFixtures.vocabulary, unknownShare: nil)
    #expect(longer.violation(in: "", adding: "So " + shared + ".") == nil)
    #expect(longer.violation(in: "", adding: "So " + shared + " before noon.") != nil)
    // Exempt in every order.
    let turned = shared.split(separator: " ").reversed().joined(separator: " ")
    #expect(longer.violation(in: "", adding: turned + ".") == nil)
    #expect(longer.violation(in: "", adding: String(shared.reversed()) + ".") == nil)
  }

  @Test func `without private texts everything passes`() {
    let open = AnswerGuard(privateTexts: [], citable: [], vocabulary: CommonVocabulary(words: []))
    #expect(open.violation(in: "", adding: "Xqzv wrkl 12345.") == nil)
    #expect(open.rareTokenCount == 0)
  }
}
