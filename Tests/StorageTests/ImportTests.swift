import Corpus
import Storage
import TestSupport
import Testing

@Suite struct ImportTests {
  @Test func `an import under way is seen by nobody and cleaned away only when it is overdue`()
    async throws
  {
    let folder = try TemporaryFolder()
    let database = try AppDatabase(path: folder.path + "/bobbin.sqlite")
    let user = NewUser(id: "u1", email: "u1@example.com", name: "", passwordHash: nil)
    _ = try await database.add(user, now: 1)
    let id = ChatbotID(unchecked: "bot1")
    let new = ChatbotImport(id: id, owner: "u1", name: "tower", slug: "tower", sources: [])
    try await database.beginImport(
      new, chatbotLimit: 1, sourceLimit: 1, byteLimit: 1, now: 1000)
    #expect(try await database.chatbot("tower") == nil)
    // The sweep that runs meanwhile leaves it alone; a day later nothing will come any more.
    #expect(try await database.deletedChatbots(now: 2000) == [])
    #expect(try await database.deletedChatbots(now: 86_400_000) == [id])
    #expect(try await database.endImport(id, now: 3000)?.name == "tower")
    #expect(try await database.deletedChatbots(now: 86_400_000) == [])
    #expect(try await database.chatbot("tower")?.id == id)
  }
}
