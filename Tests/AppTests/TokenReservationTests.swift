import Corpus
import Testing

@testable import App

@Suite struct TokenReservationTests {
  private let all = TokenReservations()
  private let chatbot = ChatbotID(unchecked: "bot")

  @Test func `what is taken counts for all, and what is given back for nobody`() {
    let one = all.share(of: chatbot, owner: "ada")
    let other = all.share(of: chatbot, owner: "ada")
    #expect(one.take(100) == [100, 100])
    #expect(other.take(30) == [130, 130])
    one.give(40)
    #expect(other.take(0) == [90, 90])
    one.release()
    #expect(other.take(0) == [30, 30])
    // Another chatbot of the same owner.
    let third = all.share(of: ChatbotID(unchecked: "other"), owner: "ada")
    #expect(third.take(5) == [5, 35])
  }

  /// A visitor leaves while it is asked what is left: the share is released, then given back to.
  @Test func `nothing is given back twice, and nothing taken after the end`() {
    let other = all.share(of: chatbot, owner: nil)
    #expect(other.take(500) == [500])
    do {
      let one = all.share(of: chatbot, owner: nil)
      #expect(one.take(100) == [600])
      one.release()
      one.give(100)
      #expect(one.take(100) == nil)
      one.release()
    }
    #expect(other.take(0) == [500])
    do {
      let forgotten = all.share(of: chatbot, owner: nil)
      #expect(forgotten.take(7) == [507])
    }
    #expect(other.take(0) == [500])
  }
}
