// The sentences that come from no document: greetings, no answer found, nothing trained yet.

/// Replies that need no search.
enum FixedReplies {
  /// Said when the documents hold no answer and the chatbot has no sentence of its own.
  static let noAnswer = "I could not find this in the documents."
  /// Said when there is no shard, or none of its sources may be used.
  static let untrained =
    "This chatbot has not been trained yet, so there is nothing I could answer from."

  /// The reply to a message that asks nothing; nil for a question.
  static func reply(to question: String, chatbotName: String) -> (text: String, answered: Bool)? {
    let words = question.lowercased()
      .split { !$0.isLetter && !$0.isNumber && $0 != "'" && $0 != "’" }.map(String.init)
    if words.isEmpty {
      return ("Please type a question, and I will look for the answer in the documents.", false)
    }
    let name = chatbotName.split(whereSeparator: \.isNewline).joined(separator: " ")
    let nameWords = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    let rest = words.filter { !nameWords.contains($0) && !polite.contains($0) }
    let phrase = rest.joined(separator: " ")
    if thanks.contains(phrase) {
      return ("You are welcome. Ask me anything else about the documents.", true)
    }
    // Words of the name alone may well be what is asked for: "Bike repair?" of a chatbot Bike Repair.
    let isPolite = words.count <= 3 && words.allSatisfy(polite.contains)
    if greetings.contains(phrase) || isPolite {
      let who = name.isEmpty ? "" : " I am \(name)."
      return (
        "Hello!\(who) Ask me a question, and I will look for the answer in the documents.", true
      )
    }
    return nil
  }

  private static let polite: Set<String> = [
    "there", "all", "everyone", "please", "dear", "so", "very", "much",
  ]

  private static let greetings: Set<String> = [
    "hi", "hello", "hey", "hiya", "greetings", "good morning", "good afternoon", "good evening",
    "good day", "morning", "howdy", "hello hi", "hi hello", "how are you", "hi how are you",
    "hello how are you", "hallo", "guten tag", "guten morgen", "guten abend", "moin", "servus",
    "bonjour", "salut", "bonsoir", "hola", "buenos días", "buenos dias", "buenas tardes", "ciao",
    "salve", "buongiorno", "olá", "ola", "bom dia", "hej", "hei", "привет", "здравствуйте", "你好",
    "您好",
    "こんにちは", "안녕하세요", "مرحبا", "नमस्ते",
  ]

  private static let thanks: Set<String> = [
    "thanks", "thank you", "thx", "ty", "cheers", "many thanks", "thanks a lot", "thank you a lot",
    "ok thanks",
    "ok thank you", "great thanks", "danke", "vielen dank", "danke schön", "merci",
    "merci beaucoup",
    "gracias", "muchas gracias", "grazie", "obrigado", "obrigada", "tack", "спасибо", "谢谢", "ありがとう",
  ]
}
