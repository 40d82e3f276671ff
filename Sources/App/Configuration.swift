// Every setting of the reading half: its variable, default and unit, in one place. Read once at start.

package import Answering
import Billing
import FoundationEssentials
import WebClient

/// Settings from the environment.
package struct Configuration: Sendable {
  /// `BOBBIN_DATA`: database, blobs, shards, models.
  ///
  /// Default `var`.
  package var data: String
  /// `BOBBIN_SPOOL`: the spool's directory.
  ///
  /// Default `spool`.
  package var spool: String
  /// `BOBBIN_HOST`: address to listen on.
  ///
  /// Default 127.0.0.1.
  package var host: String
  /// `BOBBIN_PORT`: port to listen on; 0 lets the system choose.
  ///
  /// Default 8080.
  package var port: Int
  /// `OPENAI_BASE_URL`: an OpenAI-compatible server for answers.
  ///
  /// Default none: the quoting answerer.
  package var modelBaseURL: String?
  /// `OPENAI_API_KEY`: its key.
  package var modelKey: String?
  /// `BOBBIN_CHAT_MODEL`: the model's name there.
  ///
  /// Default gpt-4o-mini.
  package var modelName: String
  /// `BOBBIN_MODEL_CONNECT_TIMEOUT`, `…_FIRST_TOKEN_TIMEOUT`, `…_IDLE_TIMEOUT`, `…_REPLY_TIMEOUT`, all in seconds, and
  /// `BOBBIN_MODEL_REPLY_BYTES`: how long it may take, and how much it may write.
  ///
  /// Defaults 5, 60, 30, 300; 65,536 bytes.
  package var replyLimits: ReplyLimits
  /// `BOBBIN_MODEL_FAILURES`: failures in a row after which it is left alone, and
  /// `BOBBIN_MODEL_COOL_DOWN`: for how many seconds.
  ///
  /// Defaults 5 and 30.
  package var modelBreaker: CircuitBreaker.Policy
  /// `BOBBIN_EMBEDDING_BASE_URL`: an OpenAI-compatible server for embeddings.
  ///
  /// Default none: MiniLM in process.
  package var embeddingBaseURL: String?
  /// `BOBBIN_EMBEDDING_MODEL`: the model's name there.
  package var embeddingModel: String
  /// `BOBBIN_EMBEDDING_DIMENSION`: numbers in its vectors.
  package var embeddingDimension: Int
  /// `BOBBIN_IDLE_TIMEOUT`: seconds after which a silent connection is closed.
  ///
  /// Default 30.
  package var idleTimeout: Int

  /// `BOBBIN_PUBLIC_URL`: scheme, host and port that people use; stands in links and decides which pages are ours.
  ///
  /// Default http://localhost and the port. Sign-in cookies need https, or localhost.
  package var publicURLSetting: String?
  /// `BOBBIN_PAGES`: a folder whose templates, styles and scripts are read at each request, for working on the pages.
  ///
  /// Default none: those in the binary.
  var pageFiles: PageFiles.Place
  /// `BOBBIN_SIGNUPS`: open, invite or closed.
  ///
  /// Default open.
  var signups: SignInController.Signups
  /// `BOBBIN_MAIL`: folder (letters become files), smtp, or none (addresses are not proved).
  ///
  /// Default folder, or smtp when a server is named.
  var mail: String
  /// `BOBBIN_SMTP_URL`: the mail server, `smtp://user:password@host:587` or `smtps://…`.
  var smtpURL: String?
  /// `BOBBIN_SMTP_TLS`: required, or optional for a server on this machine.
  ///
  /// Default required.
  var requiresMailTLS: Bool
  /// `BOBBIN_MAIL_FROM`: the sender of letters.
  ///
  /// Default bobbin@localhost.
  var mailFrom: String
  /// `BOBBIN_SECRET_KEYS`: the server's keys, instead of the file `secret.keys` of the data directory.
  var secretKeys: String?
  /// `BOBBIN_TRUSTED_PROXIES`: addresses, separated by commas, whose X-Forwarded-For is believed.
  ///
  /// Default none.
  var trustedProxies: Set<String>
  /// `BOBBIN_BCRYPT_COST`: 2^cost rounds for a password.
  ///
  /// Default 12.
  var bcryptCost: Int
  /// `BOBBIN_ALLOWED_HOSTS`: host:port pairs that owners' URLs may reach though they are not public; fetch reads it too.
  var addressPolicy: AddressPolicy

  /// `BOBBIN_CRM_MAPPING`: a file that says how to read messages of CRMs that do not speak our shape.
  ///
  /// Default none.
  var contactMapping: String?
  /// `BOBBIN_OIDC_ISSUER`: the sign-in provider.
  ///
  /// Default https://accounts.google.com.
  var oidcIssuer: String
  /// `BOBBIN_OIDC_CLIENT_ID`: what the provider calls this server; without it nobody signs in that way.
  var oidcClientID: String?
  /// `BOBBIN_OIDC_CLIENT_SECRET`: its secret there.
  var oidcClientSecret: String
  /// `BOBBIN_STRIPE_KEY`, `BOBBIN_STRIPE_WEBHOOK_SECRETS`, `BOBBIN_STRIPE_PRICES` (`price_x=pro,price_y=enterprise`) and
  /// `BOBBIN_STRIPE_URL`: how plans are paid for.
  ///
  /// Default none: the operator sets plans.
  var stripe: StripeSettings?
  /// `BOBBIN_PLAN_PRICES`: what plans cost, in words for people, `pro=€29 a month,enterprise=€290 a month`.
  ///
  /// Default none: a plan's price is seen on Stripe's page.
  var planPrices: [PlanTier: String]
  /// `BOBBIN_TOKEN_PRICES`: a currency and what a million tokens cost, `EUR,embedding=0.02,prompt=0.15,reply=0.60`.
  ///
  /// Default none: tokens are told without their price.
  package var tokenPrices: TokenPrices?
  /// `BOBBIN_METRICS_PORT`: a port on 127.0.0.1 for Prometheus; 0 is none.
  ///
  /// Default 0.
  var metricsPort: Int
  /// `BOBBIN_MAX_CONNECTIONS`: connections at once.
  ///
  /// Default 4096.
  var maxConnections: Int
  /// `BOBBIN_LOG`: text or json.
  ///
  /// Default text.
  var logFormat: String
  /// `BOBBIN_LOG_LEVEL`: debug, info (a line for each request), notice, warning or error.
  ///
  /// Default notice.
  var logLevel: String

  /// Reads the environment.
  ///
  /// - Throws: `ConfigurationError` naming the variable, the value and what is expected.
  package init(environment: [String: String]) throws(ConfigurationError) {
    func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func number(_ name: String, _ fallback: Int, _ range: ClosedRange<Int>)
      throws(ConfigurationError) -> Int
    {
      guard let value = text(name) else { return fallback }
      guard let number = Int(value), range.contains(number) else {
        throw .notANumber(name: name, value: value, range: range)
      }
      return number
    }
    data = text("BOBBIN_DATA") ?? "var"
    spool = text("BOBBIN_SPOOL") ?? "spool"
    host = text("BOBBIN_HOST") ?? "127.0.0.1"
    port = try number("BOBBIN_PORT", 8080, 0...65_535)
    let key = text("OPENAI_API_KEY")
    modelBaseURL = text("OPENAI_BASE_URL") ?? (key == nil ? nil : "https://api.openai.com")
    modelKey = key
    modelName = text("BOBBIN_CHAT_MODEL") ?? "gpt-4o-mini"
    replyLimits = ReplyLimits(
      connect: .seconds(try number("BOBBIN_MODEL_CONNECT_TIMEOUT", 5, 1...600)),
      firstToken: .seconds(try number("BOBBIN_MODEL_FIRST_TOKEN_TIMEOUT", 60, 1...3600)),
      idle: .seconds(try number("BOBBIN_MODEL_IDLE_TIMEOUT", 30, 1...3600)),
      whole: .seconds(try number("BOBBIN_MODEL_REPLY_TIMEOUT", 300, 1...86_400)),
      textBytes: try number("BOBBIN_MODEL_REPLY_BYTES", 65_536, 1024...16_777_216))
    modelBreaker = CircuitBreaker.Policy(
      failures: try number("BOBBIN_MODEL_FAILURES", 5, 1...1000),
      coolDown: .seconds(try number("BOBBIN_MODEL_COOL_DOWN", 30, 1...3600)))
    embeddingBaseURL = text("BOBBIN_EMBEDDING_BASE_URL")
    embeddingModel = text("BOBBIN_EMBEDDING_MODEL") ?? "text-embedding-3-small"
    embeddingDimension = try number("BOBBIN_EMBEDDING_DIMENSION", 1536, 1...16_384)
    idleTimeout = try number("BOBBIN_IDLE_TIMEOUT", 30, 1...3600)
    func choice(_ name: String, _ fallback: String, _ names: [String]) throws(ConfigurationError)
      -> String
    {
      let value = text(name) ?? fallback
      guard names.contains(value) else {
        throw .notOffered(name: name, value: value, names: names)
      }
      return value
    }
    publicURLSetting = text("BOBBIN_PUBLIC_URL")
    if let url = publicURLSetting, AllowedOrigin.own(url) == nil {
      throw .notAnOrigin(name: "BOBBIN_PUBLIC_URL", value: url)
    }
    pageFiles = text("BOBBIN_PAGES").map { .folder($0) } ?? .binary
    signups =
      .init(rawValue: try choice("BOBBIN_SIGNUPS", "open", ["open", "invite", "closed"])) ?? .closed
    smtpURL = text("BOBBIN_SMTP_URL")
    mail = try choice(
      "BOBBIN_MAIL", smtpURL == nil ? "folder" : "smtp", ["folder", "smtp", "none"])
    requiresMailTLS =
      try choice("BOBBIN_SMTP_TLS", "required", ["required", "optional"]) == "required"
    mailFrom = text("BOBBIN_MAIL_FROM") ?? "bobbin@localhost"
    guard StringFormat.email.holds(mailFrom) || mailFrom == "bobbin@localhost" else {
      throw .notOffered(name: "BOBBIN_MAIL_FROM", value: mailFrom, names: ["an e-mail address"])
    }
    if mail == "smtp", smtpURL == nil {
      throw .notOffered(name: "BOBBIN_SMTP_URL", value: "", names: ["smtp://…", "smtps://…"])
    }
    secretKeys = text("BOBBIN_SECRET_KEYS")
    trustedProxies = Set(
      (text("BOBBIN_TRUSTED_PROXIES") ?? "").split(separator: ",").map {
        String($0.trimmingSpace())
      })
    bcryptCost = try number("BOBBIN_BCRYPT_COST", 12, 4...16)
    contactMapping = text("BOBBIN_CRM_MAPPING")
    oidcIssuer = text("BOBBIN_OIDC_ISSUER") ?? "https://accounts.google.com"
    if oidcIssuer.hasSuffix("/") { oidcIssuer.removeLast() }
    oidcClientID = text("BOBBIN_OIDC_CLIENT_ID")
    oidcClientSecret = text("BOBBIN_OIDC_CLIENT_SECRET") ?? ""
    stripe = try StripeSettings(text)
    planPrices = [:]
    for pair in (text("BOBBIN_PLAN_PRICES") ?? "").split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { String($0.trimmingSpace()) }
      guard parts.count == 2, let tier = PlanTier(rawValue: parts[0]), planPrices[tier] == nil,
        (1...40).contains(parts[1].count), StringFormat.oneLine.holds(parts[1])
      else {
        throw .notOffered(
          name: "BOBBIN_PLAN_PRICES", value: text("BOBBIN_PLAN_PRICES") ?? "",
          names: ["words of at most 40 characters for a plan, such as pro=€29 a month"])
      }
      planPrices[tier] = parts[1]
    }
    tokenPrices = try TokenPrices(text)
    metricsPort = try number("BOBBIN_METRICS_PORT", 0, 0...65_535)
    maxConnections = try number("BOBBIN_MAX_CONNECTIONS", 4096, 1...1_000_000)
    logFormat = try choice("BOBBIN_LOG", "text", ["text", "json"])
    logLevel = try choice(
      "BOBBIN_LOG_LEVEL", "notice", ["debug", "info", "notice", "warning", "error"])
    do {
      addressPolicy = try AddressPolicy(exceptions: text("BOBBIN_ALLOWED_HOSTS") ?? "")
    } catch {
      throw .notOffered(
        name: "BOBBIN_ALLOWED_HOSTS", value: text("BOBBIN_ALLOWED_HOSTS") ?? "",
        names: ["host:port pairs, separated by commas"])
    }
  }

  /// Reads this process's environment.
  package init() throws(ConfigurationError) {
    try self.init(environment: ProcessInfo.processInfo.environment)
  }

  /// The address that people use.
  package var publicURL: String {
    publicURLSetting.flatMap(AllowedOrigin.own) ?? "http://localhost:\(port)"
  }

  /// The sign-in provider; nil when none is set up.
  var openID: OpenIDSettings? {
    oidcClientID.map {
      OpenIDSettings(issuer: oidcIssuer, clientID: $0, clientSecret: oidcClientSecret)
    }
  }

  /// How letters leave.
  var mailWay: MailWay {
    switch mail {
    case "none": .none
    case "smtp":
      .smtp(.smtp(smtpURL ?? "", requiresTLS: requiresMailTLS))
    default: .folder("\(data)/mail")
    }
  }

  /// The directory of the model's weights.
  package var modelDirectory: String { "\(data)/models/all-MiniLM-L6-v2" }
}

/// A setting that cannot be used.
package enum ConfigurationError: Error, CustomStringConvertible {
  case notANumber(name: String, value: String, range: ClosedRange<Int>)
  case notOffered(name: String, value: String, names: [String])
  case notAnOrigin(name: String, value: String)
  /// A file that a variable names; `why` completes the sentence "it …".
  case badFile(name: String, path: String, why: String)

  package var description: String {
    switch self {
    case .notANumber(let name, let value, let range):
      "\(name)=\(value): expected a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .notOffered(let name, let value, let names):
      "\(name)=\(value): expected \(names.joined(separator: ", "))"
    case .badFile(let name, let path, let why):
      "\(name)=\(path): it \(why); see pipelines/README.md"
    case .notAnOrigin(let name, let value):
      "\(name)=\(value): expected scheme, host and perhaps port, such as https://chat.example.com"
    }
  }
}
