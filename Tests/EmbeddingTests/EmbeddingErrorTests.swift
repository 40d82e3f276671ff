// Every error says what happened and what to do, and is sorted once.

import Embedding
import Testing

@Suite struct EmbeddingErrorTests {
  private static let cases: [(EmbeddingError, transient: Bool, stops: Bool, says: String)] = [
    (.modelMissing(path: "/m"), false, true, "make model"),
    (.modelDamaged(path: "/m", reason: "r"), false, true, "make model"),
    (.kernelFailed(reason: "no memory"), false, true, "no memory"),
    (.textRefused(index: 3, reason: "too long"), false, false, "text 3"),
    (.endpointUnavailable(endpoint: "e", reason: "503", retryAfterSeconds: 7), true, false, "7 s"),
    (.endpointRefused(endpoint: "e", status: 401, reason: "key"), false, true, "401"),
    (.endpointAnswerInvalid(endpoint: "e", reason: "two for three"), true, false, "two for three"),
    (.cancelled, true, false, "cancelled"),
  ]

  @Test(arguments: cases.indices)
  func `an error is transient or not, stops the stage or not, and says why`(index: Int) {
    let (error, transient, stops, says) = Self.cases[index]
    #expect(error.isTransient == transient)
    #expect(error.stopsStage == stops)
    #expect(error.description.contains(says))
    #expect(!(error.isTransient && error.stopsStage))
  }
}
