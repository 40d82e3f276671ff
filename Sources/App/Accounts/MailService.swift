// Sends letters off the path of requests: whether an account exists must not show in how long an answer takes. Tokens are
// drawn here too, so that only the letter holds them. What waits is bounded and lies on disk (WaitingLetters); what a mail server
// does not take is tried again for a day. At least once: a crash between sending and noting it sends a letter twice.

import Corpus
import FoundationEssentials
import Logging
import ServiceLifecycle
import Spool
import Storage
import Synchronization
import WebClient

/// What a letter is asked for.
enum MailJob: Sendable, Hashable, Codable {
  /// To prove the address of a new account.
  case verify(user: String)
  /// To tell its owner that somebody signed up with an address again.
  case taken(email: String)
  /// If there is such an account.
  case reset(email: String)
  /// Once more, if there is such an account and it is not proved.
  case resend(email: String)
  case invite(user: String)
  /// To prove a new address.
  case change(user: String, email: String)
  case passwordChanged(user: String)
  /// To the old address of an account that is to have a new one.
  case changeNotice(email: String)
  case usedUp(MessageLimit, user: String, chatbot: String)
  /// The CRM of a chatbot gets no more messages.
  case crm(chatbot: ChatbotID)
  /// To a visitor who says that this is their address.
  case code(email: String, chatbot: String, code: String)
}

/// How letters leave.
enum MailWay: Sendable {
  /// As files, for a machine without a mail server.
  case folder(String)
  case smtp(MailTransport)
  /// Not at all: addresses are not proved.
  case none
}

/// The queue of letters and its worker.
final class MailService: Service, Sendable {
  private static let capacity = 1_000
  /// Seconds to wait before each further try.
  private static let delays = [5, 30, 300]
  /// Letters under way at once.
  private static let concurrency = 64

  private let database: AppDatabase
  private let way: MailWay
  private let from: String
  private let publicURL: String
  private let logger: Logger
  private let waiting: WaitingLetters
  private let stream: AsyncStream<Request>
  private let requests: AsyncStream<Request>.Continuation
  private let underWay = Mutex(0)
  /// Files of letters that somebody is at.
  private let taken = Mutex<Set<String>>([])

  private static let pause = Duration.milliseconds(100)
  /// Between two looks for letters that no try has got away.
  private static let lookAgain = Duration.seconds(600)

  /// A letter asked for, and the file where it waits; nil when it is new.
  private struct Request: Sendable {
    let job: MailJob
    let file: String?
  }

  /// - Parameter data: the data directory.
  init(
    database: AppDatabase, data: String, way: MailWay, from: String, publicURL: String,
    logger: Logger
  ) {
    self.database = database
    waiting = WaitingLetters(data: data)
    self.way = way
    self.from = from
    self.publicURL = publicURL
    self.logger = logger
    (stream, requests) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
  }

  /// Whether addresses can be proved.
  var isOn: Bool { if case .none = way { false } else { true } }

  /// Asks for a letter; one too many is dropped and logged, its reader can ask again.
  func enqueue(_ job: MailJob) {
    guard isOn else { return }
    if case .dropped = requests.yield(Request(job: job, file: nil)) {
      logger.error("mail queue full")
    }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      // A letter that has to be tried again holds no other back.
      await withDiscardingTaskGroup { group in
        group.addTask { await self.lookForLetters() }
        for await request in stream {
          let file = await keep(request)
          // Nothing of a letter is done while the answer to who has asked for it is on its way: it would tell by its time
          // whether there is a letter.
          try? await Task.sleep(for: Self.pause)
          let isRoom = underWay.withLock { count in
            guard count < Self.concurrency else { return false }
            count += 1
            return true
          }
          guard isRoom else {
            await carryOut(request, file)
            continue
          }
          group.addTask {
            await self.carryOut(request, file)
            self.underWay.withLock { $0 -= 1 }
          }
        }
        group.cancelAll()
      }
    }
  }

  /// Asks again for what an earlier server, or an earlier try, has not got away.
  private func lookForLetters() async {
    while !Task.isCancelled {
      let now = WallClock.now()
      try? await BlockingWork.run { try self.waiting.removeLeftOvers(now: now) }
      for letter in (try? await BlockingWork.run { try self.waiting.all() }) ?? [] {
        guard taken.withLock({ !$0.contains(letter.name) }) else { continue }
        if now - letter.askedAt > WaitingLetters.patience {
          logger.error("letter given up", metadata: ["job": "\(Self.kind(letter.job))"])
          await forget(letter.name)
        } else {
          requests.yield(Request(job: letter.job, file: letter.name))
        }
      }
      try? await Task.sleep(for: Self.lookAgain)
    }
  }

  /// Puts a letter on disk; nil for one that is not kept there, be it that the disk refuses.
  private func keep(_ request: Request) async -> String? {
    if let file = request.file {
      let isFree = taken.withLock { $0.insert(file).inserted }
      return isFree ? file : nil
    }
    // A code is wanted within minutes, and is itself the secret.
    if case .code = request.job { return nil }
    do {
      let file = try await BlockingWork.run {
        try self.waiting.put(request.job, now: WallClock.now())
      }
      taken.withLock { _ = $0.insert(file) }
      return file
    } catch {
      logger.error("letter not kept", metadata: ["error": "\(error)"])
      return nil
    }
  }

  private func forget(_ file: String) async {
    do {
      try await BlockingWork.run { try self.waiting.remove(file) }
    } catch {
      logger.error("letter not forgotten", metadata: ["error": "\(error)"])
    }
  }

  private func carryOut(_ request: Request, _ file: String?) async {
    // Somebody is at it already.
    if request.file != nil, file == nil { return }
    let isOver = await carryOut(request.job, isAgain: request.file != nil)
    guard let file else { return }
    if isOver { await forget(file) }
    taken.withLock { _ = $0.remove(file) }
  }

  /// Composes and sends one letter.
  ///
  /// - Parameter isAgain: whether it was counted against its mailbox's limit before.
  /// - Returns: false when it is worth another try later.
  @discardableResult
  func carryOut(_ job: MailJob, isAgain: Bool = false) async -> Bool {
    do {
      guard let letter = try await letter(for: job) else { return true }
      // Whoever asks, one mailbox gets so many letters an hour.
      let mailbox = SHA256Digest(of: "letter\u{0}\(letter.to)").shortName
      let wait =
        isAgain
        ? nil
        : try await database.pass(
          [RateLimit("letter:\(mailbox)", 10, per: 3_600_000)], now: WallClock.now())
      guard wait == nil else {
        logger.warning("too many letters to one mailbox", metadata: ["job": "\(Self.kind(job))"])
        return true
      }
      try await send(letter)
      return true
    } catch {
      // No address in the log: the job's kind says what was not sent.
      let isLost = if case .refused? = error as? MailError { true } else { false }
      logger.error(
        isLost ? "letter refused" : "letter not sent",
        metadata: ["job": "\(Self.kind(job))", "error": "\(error)"])
      return isLost
    }
  }

  private static func kind(_ job: MailJob) -> String {
    switch job {
    case .verify: "verify"
    case .taken: "taken"
    case .reset: "reset"
    case .resend: "resend"
    case .invite: "invite"
    case .change: "change"
    case .passwordChanged: "password-changed"
    case .changeNotice: "change-notice"
    case .usedUp(let limit, _, _): limit.rawValue
    case .crm: "crm"
    case .code: "code"
    }
  }

  private func letter(for job: MailJob) async throws -> Letter? {
    let now = WallClock.now()
    switch job {
    case .verify(let id):
      guard let user = try await database.user(id: id), !user.isEmailVerified else { return nil }
      return .verify(to: user.email, link: try await link("verify", .verify, user, now: now))
    case .resend(let email):
      guard let user = try await database.user(email: email), !user.isEmailVerified,
        !user.isDisabled
      else { return nil }
      return .verify(to: user.email, link: try await link("verify", .verify, user, now: now))
    case .taken(let email): return .taken(to: email, link: publicURL)
    case .reset(let email):
      guard let user = try await database.user(email: email), !user.isDisabled else { return nil }
      return .reset(to: user.email, link: try await link("reset", .reset, user, now: now))
    case .invite(let id):
      guard let user = try await database.user(id: id) else { return nil }
      return .invitation(to: user.email, link: try await link("reset", .reset, user, now: now))
    case .change(let id, let email):
      guard let user = try await database.user(id: id) else { return nil }
      return .change(
        to: email, link: try await link("verify", .change, user, email: email, now: now))
    case .passwordChanged(let id):
      guard let user = try await database.user(id: id) else { return nil }
      return .passwordChanged(to: user.email)
    case .changeNotice(let email): return .changeNotice(to: email)
    case .usedUp(let limit, let id, let chatbot):
      guard let user = try await database.user(id: id) else { return nil }
      return switch limit {
      case .quota: .quota(to: user.email, chatbot: chatbot, plan: user.planTier)
      case .dailyCap: .dailyCap(to: user.email, chatbot: chatbot)
      }
    case .code(let email, let chatbot, let code):
      return .code(to: email, chatbot: chatbot, code: code)
    case .crm(let id):
      guard let chatbot = try await database.chatbot(id.text), let owner = chatbot.owner,
        let user = try await database.user(id: owner), let reason = chatbot.crmDisabledReason
      else { return nil }
      return .crm(
        to: user.email, chatbot: chatbot.name, reason: reason,
        link: "\(publicURL)/chatbots/\(id)/leads/")
    }
  }

  private func link(
    _ page: String, _ purpose: MailPurpose, _ user: User, email: String? = nil, now: Int
  ) async throws -> String {
    let token = RandomText.urlSafe(bytes: 32)
    let lifetime = purpose == .reset ? 30 * 60_000 : 24 * 3_600_000
    try await database.addMailToken(
      id: FreshID.text(now: now), user: user.id, purpose: purpose, email: email ?? user.email,
      hash: SHA256Digest(of: token).bytes, expiresAt: now + lifetime, now: now)
    return "\(publicURL)/\(page)#token=\(token)"
  }

  private func send(_ letter: Letter) async throws {
    let now = WallClock.now()
    let message = letter.message(from: from, id: FreshID.text(now: now), now: now)
    switch way {
    case .none: return
    case .folder(let folder):
      let path = "\(folder)/\(FreshID.text(now: now)).eml"
      // It holds a link that opens an account.
      try DurableFile.replaceSecret(path, with: message)
      logger.notice("letter written", metadata: ["path": "\(path)"])
    case .smtp(let transport):
      for delay in Self.delays {
        do {
          return try await transport.send(from, letter.to, message)
        } catch {
          guard error.isTransient else { throw error }
          try await Task.sleep(for: .seconds(delay))
        }
      }
      try await transport.send(from, letter.to, message)
    }
  }
}
