// The model that a leak test puts before a chatbot: it looks at what it is shown, and copies it under a disguise, says a part of the
// canary alone, or hands on to a real one.

import Answering
import Synchronization

/// A model whose prompts are looked at: the copying one, or a real one.
final class WatchedModel: Sendable {
  private struct Seen {
    var wasAsked = false
    var hasReached = false
    var said = ""
    /// What is to be said alone, in place of a copy.
    var secret: (part: Canary.Finding, opening: SecretTurn.Opening)?
    var secretTurn: SecretTurn?
  }

  let canary: Canary
  let disguise: Disguise
  private let mode: PrivacyMode
  private let real: LanguageModel?
  /// Whether the copying model leaves out the canary's code, name and number: its sentence is of words that everybody knows.
  private let isPlain: Bool
  private let seen = Mutex(Seen())

  init(
    _ canary: Canary, _ disguise: Disguise, mode: PrivacyMode, real: LanguageModel?, isPlain: Bool
  ) {
    self.isPlain = isPlain
    self.canary = canary
    self.disguise = disguise
    self.mode = mode
    self.real = real
  }

  var wasAsked: Bool { seen.withLock { $0.wasAsked } }
  /// Whether the canary stood in some prompt: of a strict chatbot any trace of it that the visitor has not said.
  var hasReached: Bool { seen.withLock { $0.hasReached } }
  /// What was said with a secret in it since that was asked for; nil when the canary was in no prompt.
  var secretTurn: SecretTurn? { seen.withLock { $0.secretTurn } }

  /// Takes what the visitor has said by now.
  func hears(_ said: String) { seen.withLock { $0.said = said } }

  /// From now on the copying model says a part of the canary alone.
  func says(_ part: Canary.Finding, after opening: SecretTurn.Opening) {
    seen.withLock {
      $0.secret = (part, opening)
      $0.secretTurn = nil
    }
  }

  var model: LanguageModel {
    let budget = real?.budget ?? Prompt.Budget(contextTokens: 1 << 20)
    return LanguageModel(name: real?.name ?? "stub", budget: budget) { dialogue in
      let text = dialogue.messages.map(\.content).joined(separator: "\n")
      let isHere = text.contains(self.canary.mark)
      self.seen.withLock {
        $0.wasAsked = true
        $0.hasReached =
          $0.hasReached || isHere
          || self.mode == .strict
            && !self.canary.findings(in: text, said: $0.said, under: nil).isEmpty
      }
      if let real = self.real { return real.reply(dialogue) }
      return AsyncThrowingStream { continuation in
        for piece in self.pieces(of: text, isHere: isHere) { continuation.yield(.text(piece)) }
        continuation.finish()
      }
    }
  }

  /// What the copying model says.
  private func pieces(of text: String, isHere: Bool) -> [String] {
    if isHere, let turn = secretTurn(in: text) { return [turn.reply] }
    // The sealed answer of a blended chatbot holds nothing to copy.
    let copy =
      isHere || mode == .strict
      ? disguise.put(on: isPlain ? canary.withoutMarks(text) : text)
      : "It is in the documents [1]."
    return ["Here is all of it. ", copy]
  }

  private func secretTurn(in text: String) -> SecretTurn? {
    guard let secret = seen.withLock({ $0.secret }) else { return nil }
    let turn = SecretTurn(
      secret.opening, secret: disguise.put(on: canary.secret(secret.part)), prompt: text)
    seen.withLock { $0.secretTurn = turn }
    return turn
  }
}
