// An owner's chatbots: made, listed, changed, removed. Every look-up carries the owner's id, so another's chatbot is one that
// does not exist.

import Billing
import Corpus
import Evaluation
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Spool
import Storage
import WebClient

/// `/api/chatbots/…`.
struct ChatbotController: Sendable {
  let database: AppDatabase
  let publicURL: String
  /// Which addresses leads may be sent to.
  let policy: AddressPolicy

  /// What an owner may change, as its schema.
  private static let settings: [Schema.Property] = [
    optional("name", .string(1...80, .oneLine)), optional("description", .string(0...500)),
    optional("public_url_slug", .string(3...64, .slug)), optional("is_public", .boolean),
    optional("welcome_text", .string(0...1000)), optional("no_answer_text", .string(0...1000)),
    optional("busy_text", .string(0...1000)),
    optional("allowed_domains", .array(.string(1...255, .oneLine), 0...50)),
    optional("crm_webhook_url", .nullable(.string(1...2048, .webURL))),
    optional("lead_form", Components.leadForm),
    optional("suggested_questions", Components.suggestedQuestions),
    optional("privacy_mode", .choice(["blended", "strict"])),
    optional("daily_message_cap", .nullable(.integer(0...1_000_000))),
    optional("monthly_token_cap", .nullable(.integer(0...1_000_000_000))),
    optional("retention_days", .nullable(.integer(1...3650))),
    optional("quality_gate", .nullable(Components.qualityGate)),
  ]

  /// What an archive may bring of them: not the link, which is another's here, and no webhook, whose secret stays behind.
  static let archivedSettings = settings.filter {
    !["public_url_slug", "crm_webhook_url"].contains($0.name)
  }

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    let chatbot = AnswerShape.json(200, .component("Chatbot"))
    routes.add(
      Route(
        .get, "/api/chatbots/", "The account's chatbots, newest first.", query: Components.page,
        answers: [.json(200, Components.listing("Chatbot"))]),
      for: access.owner, { call, owner in try await list(call, owner) })
    routes.add(
      Route(
        .post, "/api/chatbots/", "Make a chatbot.",
        body: .json(
          .object([
            required("name", .string(1...80, .oneLine)), optional("description", .string(0...500)),
          ])), answers: [.json(201, .component("Chatbot"))], problems: [.planLimit],
        ownerLimit: .hourly(60), isIdempotent: true),
      for: access.owner, { call, owner in try await create(call, owner) })
    routes.add(
      Route(.get, "/api/chatbots/{chatbot_id}/", "A chatbot.", answers: [chatbot]),
      for: access.owner,
      { call, owner in
        try await shape(try await database.owned(call, owner))
      })
    routes.add(
      Route(
        .patch, "/api/chatbots/{chatbot_id}/", "Change a chatbot.",
        body: .json(.object(Self.settings)), answers: [chatbot],
        problems: [.slugTaken, .badDomain, .unsafeURL, .planLimit]),
      for: access.owner, { call, owner in try await change(call, owner) })
    routes.add(
      Route(
        .delete, "/api/chatbots/{chatbot_id}/",
        "Remove a chatbot: it stops answering at once, its data goes within a day.",
        answers: [.json(200, .component("Removal"))]),
      for: access.owner, { call, owner in try await remove(call, owner) })
    routes.add(
      Route(
        .get, "/api/chatbots/{chatbot_id}/embed/", "Links and snippets for a site.",
        answers: [
          .json(
            200,
            .object([
              required("share_url", .text), required("iframe", .text), required("script", .text),
            ]))
        ]),
      for: access.owner, { call, owner in try await embed(call, owner) })
  }

  private func shape(_ chatbot: Chatbot, _ status: HTTPResponse.Status = .ok) async throws
    -> Response
  {
    Answer.json(
      ChatbotShape(try await database.summary(of: chatbot), publicURL: publicURL), status)
  }

  private func list(_ call: Call, _ owner: Owner) async throws -> Response {
    let page = try call.page()
    let found = try await database.chatbots(of: owner.user.id, page)
    return Answer.json(
      Listing(
        found.map { ChatbotShape($0, publicURL: publicURL) }, page,
        cursor: found.last.map {
          Cursor(createdAt: $0.chatbot.createdAt, id: $0.chatbot.id.text)
        }))
  }

  private func create(_ call: Call, _ owner: Owner) async throws -> Response {
    let name = call.input.text("name") ?? ""
    let id = ChatbotID(unchecked: FreshID.text(now: call.now))
    do {
      let chatbot = try await database.addChatbot(
        id: id, owner: owner.user.id, name: name,
        description: call.input.text("description") ?? "", slug: Self.slug(for: name),
        limit: owner.limits.chatbots, now: call.now)
      var response = try await shape(chatbot, .created)
      response.headers[.location] = "/api/chatbots/\(chatbot.id)/"
      return response
    } catch ChatbotRefusal.limit(let used) {
      throw AppError.planLimit("chatbots", used: used, max: owner.limits.chatbots)
    } catch ChatbotRefusal.slugTaken {
      throw AppError(.slugTaken)
    }
  }

  /// A link's name made of the chatbot's and some chance: names need not be unique, links must be.
  static func slug(for name: String) -> String {
    let kept = name.lowercased().utf8.map { byte -> UInt8 in
      (97...122).contains(byte) || (48...57).contains(byte) ? byte : 45
    }
    let words = String(decoding: kept, as: UTF8.self).split(separator: "-").joined(separator: "-")
    let chance = FreshID.text(now: 0).suffix(6)
    return words.isEmpty ? String(chance) : "\(words.prefix(40))-\(chance)"
  }

  private func change(_ call: Call, _ owner: Owner) async throws -> Response {
    let input = call.input
    let id = ChatbotID(unchecked: try call.id("chatbot_id"))
    // Looked up by either: a link must not be another chatbot's id.
    if let slug = input.text("public_url_slug"), slug.utf8.count == 26, !slug.contains("-") {
      throw AppError.invalid("public_url_slug", "format")
    }
    var domains: String?
    if let texts = input.texts("allowed_domains") {
      let origins = try texts.map { text in
        guard let origin = AllowedOrigin.normalized(text) else { throw AppError(.badDomain) }
        return origin
      }
      domains = String(decoding: JSONText.encode(Array(Set(origins)).sorted()), as: UTF8.self)
    }
    if let url = input.text("crm_webhook_url"), !DeliverySender.mayReach(url, policy) {
      throw AppError(.unsafeURL)
    }
    if let days = input.whole("retention_days"), let longest = owner.limits.retentionDays,
      days > longest
    {
      throw AppError.planLimit("retention_days", used: days, max: longest)
    }
    let form = input.members["lead_form"].map {
      String(decoding: JSONText.encode($0), as: UTF8.self)
    }
    let questions = input.texts("suggested_questions").map {
      String(decoding: JSONText.encode($0), as: UTF8.self)
    }
    let allowed = domains
    do {
      let chatbot = try await database.change(id, of: owner.user.id, now: call.now) { settings in
        settings.name = input.text("name") ?? settings.name
        settings.description = input.text("description") ?? settings.description
        settings.slug = input.text("public_url_slug") ?? settings.slug
        settings.isPublic = input.flag("is_public") ?? settings.isPublic
        settings.welcomeText = input.text("welcome_text") ?? settings.welcomeText
        settings.noAnswerText = input.text("no_answer_text") ?? settings.noAnswerText
        settings.busyText = input.text("busy_text") ?? settings.busyText
        settings.allowedDomains = allowed ?? settings.allowedDomains
        settings.leadForm = form ?? settings.leadForm
        settings.suggestedQuestions = questions ?? settings.suggestedQuestions
        settings.privacyMode = input.text("privacy_mode") ?? settings.privacyMode
        if input.has("crm_webhook_url") {
          settings.crmWebhookURL = input.text("crm_webhook_url")
          settings.setsWebhook = true
        }
        if input.has("daily_message_cap") {
          settings.dailyMessageCap = input.whole("daily_message_cap")
        }
        if input.has("monthly_token_cap") {
          settings.monthlyTokenCap = input.whole("monthly_token_cap")
        }
        if input.has("quality_gate") {
          let demanded = input.object("quality_gate")
          settings.qualityGate =
            QualityGate(
              recallAt5: demanded?.members["recall_at_5"]?.double,
              noAnswer: demanded?.members["no_answer"]?.double
            ).json
        }
        if input.has("retention_days") { settings.retentionDays = input.whole("retention_days") }
      }
      return try await shape(chatbot)
    } catch ChatbotRefusal.none {
      throw AppError.notFound
    } catch ChatbotRefusal.slugTaken {
      throw AppError(.slugTaken)
    }
  }

  private func remove(_ call: Call, _ owner: Owner) async throws -> Response {
    let chatbot = try await database.owned(call, owner)
    guard
      let receipt = try await database.markDeleted(
        chatbot.id, of: owner.user.id, now: call.now)
    else { throw AppError.notFound }
    return Answer.json(RemovalShape(receipt, now: call.now))
  }

  private func embed(_ call: Call, _ owner: Owner) async throws -> Response {
    struct Embed: Encodable { let share_url, iframe, script: String }
    let chatbot = try await database.owned(call, owner)
    return Answer.json(
      Embed(
        share_url: "\(publicURL)/c/\(chatbot.slug)",
        iframe:
          "<iframe src=\"\(publicURL)/embed/\(chatbot.id)/\" title=\"Chat\" width=\"400\" height=\"600\"></iframe>",
        script:
          "<script src=\"\(publicURL)/embed.js\" data-chatbot=\"\(chatbot.id)\" async></script>"))
  }
}

extension AppDatabase {
  /// The chatbot a path names, if it is the caller's.
  ///
  /// - Throws: 404, for a foreign one as for one that is not there.
  func owned(_ call: Call, _ owner: Owner) async throws -> Chatbot {
    guard let chatbot = try await chatbot(try call.id("chatbot_id"), of: owner.user.id) else {
      throw AppError.notFound
    }
    return chatbot
  }
}

/// Origins that may embed a chatbot.
enum AllowedOrigin {
  /// This server's own origin out of its setting; plain http may be used on a network of one's own.
  static func own(_ text: String) -> String? {
    if let origin = normalized(text) { return origin }
    guard text.hasPrefix("http://"), let secure = normalized("https://" + text.dropFirst(7)) else {
      return nil
    }
    return "http://" + secure.dropFirst(8)
  }

  /// Scheme, host and port in one form; nil for what cannot stand in a header of ours.
  ///
  /// A bare domain means https. No wildcard: it would allow sites that nobody has named.
  static func normalized(_ text: String) -> String? {
    let lower = text.lowercased()
    let hasScheme = lower.hasPrefix("https://") || lower.hasPrefix("http://")
    let full = hasScheme ? lower : "https://\(lower)"
    let scheme = full.hasPrefix("https://") ? "https" : "http"
    var rest = full.dropFirst(scheme.count + 3)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return nil }
    let host = parts[0]
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    // Every label as DNS has it; names outside ASCII come in their xn-- form.
    let isHost = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
          (97...122).contains($0) || (48...57).contains($0) || $0 == 45
        }
    }
    guard isHost, host.utf8.count <= 253, labels.count >= 2 || host == "localhost" else {
      return nil
    }
    // http only for trying out on the machine itself.
    guard scheme == "https" || host == "localhost" || host == "127.0.0.1" else { return nil }
    guard parts.count == 2 else { return "\(scheme)://\(host)" }
    guard let port = Int(parts[1]), (1...65_535).contains(port), String(port) == parts[1] else {
      return nil
    }
    let isDefault = port == (scheme == "https" ? 443 : 80)
    return isDefault ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)"
  }
}
