// The endpoint's side of the protocol by llama.cpp's own server, on a tiny random model: Tests/peers/llama_server.py.

import Foundation
import TestSupport
import Testing
import WebClient

@testable import Answering

@Suite(.serialized) struct ModelPeerTests {
  /// A running llama.cpp.
  private struct Llama {
    let peer: Peer
    let base: String

    init(_ arguments: String...) throws {
      peer = try Peer("llama_server.py", arguments)
      var line = peer.line()
      while let text = line, !text.hasPrefix("ready ") { line = peer.line() }
      let port = try #require(line.flatMap { UInt16($0.dropFirst(6)) })
      base = "http://127.0.0.1:\(port)"
    }

    func model(_ replyTokens: Int = 800) -> LanguageModel {
      RemoteLanguageModel(baseURL: base, model: "tiny", limits: limits)
        .languageModel(transport: .curl(.configured))
    }

    /// A busy machine must not decide.
    private var limits: ReplyLimits {
      ReplyLimits(
        connect: .seconds(300), firstToken: .seconds(300), idle: .seconds(300), whole: .seconds(900)
      )
    }

    func received(_ prompt: Dialogue) async throws -> Received {
      try await Received(model().reply(prompt))
    }

    struct Slot: Decodable {
      let is_processing: Bool
      let n_prompt_tokens: Int
    }

    /// The one place where it writes replies.
    func slot() async throws -> Slot {
      let reply = try await WebTransport.curl(.configured).send(WebRequest(url: base + "/slots"))
      return try #require(try JSONDecoder().decode([Slot].self, from: Data(reply.body)).first)
    }

    /// Tokens of the prompt that asks this question.
    func promptTokens(_ question: String) async throws -> Int {
      let received = try await received(
        try prompt(question, budget: Prompt.Budget(contextTokens: 8_192, replyTokens: 1)))
      let tokens: Int? =
        if case .usage(let tokens, _)? = received.usage.first { tokens } else { nil }
      return try #require(tokens)
    }
  }

  @Test func `a reply streams, with its usage and its end`() async throws {
    let llama = try Llama()
    let question = try prompt()
    let received = try await llama.received(question)
    #expect(received.error == nil)
    #expect(received.reason == .stop && received.pieces > 1)
    guard case .usage(let promptTokens, let replyTokens)? = received.usage.first else {
      Issue.record("no usage came")
      return
    }
    #expect(received.usage.count == 1 && promptTokens > 500 && replyTokens >= received.pieces)
    #expect(try await llama.received(question).text == received.text)

    // A control token in a visitor's words would be read as one and cost a token; the prompt spells it as letters.
    let spoken = try await llama.promptTokens("What is ( /s) worth?")
    #expect(try await llama.promptTokens("What is </s> worth?") == spoken)
  }

  @Test func `a prompt beyond the context is rejected, by name`() async throws {
    let llama = try Llama("1024")
    let long = try prompt(
      passage: String(repeating: "Twelve days. ", count: 400),
      budget: Prompt.Budget(contextTokens: 1 << 20))
    let received = try await llama.received(long)
    #expect(
      received.error
        == .rejected(
          endpoint: String(llama.base.dropFirst(7)), status: 400, code: "exceed_context_size_error")
    )
  }

  @Test func `the reply's tokens are kept to, and a visitor who leaves frees the slot`()
    async throws
  {
    let llama = try Llama("131072", "endless")
    let short = Prompt.Budget(contextTokens: 100_000, replyTokens: 7)
    let received = try await llama.received(try prompt(budget: short))
    #expect(received.reason == .length && received.error == nil)
    guard case .usage(_, let replyTokens)? = received.usage.first else {
      Issue.record("no usage came")
      return
    }
    #expect(replyTokens == 7)

    let endless = Prompt.Budget(contextTokens: 200_000, replyTokens: 100_000)
    func visit() async throws {
      for try await _ in llama.model().reply(try prompt(budget: endless)) { break }
    }
    try await visit()
    var slot = try await llama.slot()
    while slot.is_processing { slot = try await llama.slot() }
    // Those of the prompt and those written until it was freed.
    #expect(slot.n_prompt_tokens > 500 && slot.n_prompt_tokens < 100_000)
  }
}
