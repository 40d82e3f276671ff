import Foundation
import TestSupport
import Testing
import WebClient

/// A text that an owner has typed in is answered from whole, and called what its owner calls it.
@Suite(.serialized) struct PastedTextTests {
  @Test func `the first line of a pasted text is quoted, and its title is the owner's`()
    async throws
  {
    let bobbin = try Installation()
    let owner = try await RemovalTests.Owner(
      try ServerTests.Server(bobbin, ["BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"]))
    let chatbot = try await owner.id("POST", "/api/chatbots/", #"{"name":"library"}"#)
    let base = "/api/chatbots/\(chatbot)/"
    let text =
      #"The library of Orrin opens at ten in the morning.\n\nIt closes at six in the evening."#
    _ = try await owner.id(
      "POST", base + "sources/",
      #"{"source_type":"file","name":"Opening hours","text":"\#(text)"}"#)
    #expect(try await owner.send("POST", base + "train/", "{}").status == 202)
    #expect(try await bobbin.tool("bobbin").run(["pipeline", "--until-drained"]).exitCode == 0)
    struct Reply: Decodable {
      struct Citation: Decodable { let title, quote: String }
      let message: String
      let sources: [Citation]
    }
    let reply = try JSONDecoder().decode(
      Reply.self,
      from: Data(
        try await owner.send(
          "POST", "/api/chat/\(chatbot)/", #"{"message":"When does the library of Orrin open?"}"#
        ).body))
    #expect(reply.message.hasPrefix("The library of Orrin opens at ten in the morning. [1]"))
    let citation = try #require(reply.sources.first)
    #expect(citation.title == "Opening hours")
    #expect(citation.quote == "The library of Orrin opens at ten in the morning.")
  }
}
