// Letters: what they say, and how they are written down (RFC 5322). Links begin with the configured public address, never
// with what a request said of itself, and carry their token in the fragment, which no server and no log sees.

import FoundationEssentials
import Spool

/// One letter.
struct Letter: Sendable, Hashable {
  let to: String
  let subject: String
  let text: String

  static func verify(to email: String, link: String) -> Letter {
    Letter(
      to: email, subject: "Confirm your address",
      text: """
        Welcome to Bobbin.

        Open this link to confirm that this is your address. It works for 24 hours:

        \(link)

        If you have not signed up, do nothing: without the link the account stays closed.
        """)
  }

  static func taken(to email: String, link: String) -> Letter {
    Letter(
      to: email, subject: "You have an account already",
      text: """
        Somebody, perhaps you, tried to sign up with this address at

        \(link)

        It has an account already: sign in, or ask for a new password. If it was not you, do nothing.
        """)
  }

  static func reset(to email: String, link: String) -> Letter {
    Letter(
      to: email, subject: "Choose a new password",
      text: """
        Open this link to choose a new password. It works once, for 30 minutes:

        \(link)

        If you have not asked for it, do nothing: the password stays as it is.
        """)
  }

  static func change(to email: String, link: String) -> Letter {
    Letter(
      to: email, subject: "Confirm your new address",
      text: """
        Open this link to use this address for your account from now on. It works for 24 hours:

        \(link)
        """)
  }

  static func changeNotice(to email: String) -> Letter {
    Letter(
      to: email, subject: "Your account gets a new address",
      text: """
        Somebody signed in to your account asked to use another address for it.

        If it was not you, sign in, end all sessions and change the password at once.
        """)
  }

  static func passwordChanged(to email: String) -> Letter {
    Letter(
      to: email, subject: "Your password was changed",
      text: """
        The password of your account was changed, and its other sessions have ended.

        If it was not you, use "Forgotten password" at once.
        """)
  }

  static func invitation(to email: String, link: String) -> Letter {
    Letter(
      to: email, subject: "You are invited",
      text: """
        The operator of a Bobbin server has made an account for you. Choose its password within
        30 minutes; after that, "Forgotten password" sends another link:

        \(link)
        """)
  }

  static func quota(to email: String, chatbot: String, plan: String) -> Letter {
    Letter(
      to: email, subject: "Your chatbot has used its messages",
      text: """
        The messages of this month are used up, so \(chatbot) tells visitors that it is busy.

        A larger plan takes effect at once (yours: \(plan)); otherwise it answers again next month.
        """)
  }

  static func dailyCap(to email: String, chatbot: String) -> Letter {
    Letter(
      to: email, subject: "Your chatbot has reached its limit for today",
      text: """
        \(chatbot) has answered as many messages today as its settings allow, so it tells visitors that
        it is busy until midnight (UTC).

        A higher limit, in the settings of the chatbot, takes effect at once.
        """)
  }

  static func code(to email: String, chatbot: String, code: String) -> Letter {
    Letter(
      to: email, subject: "Your code: \(code)",
      text: """
        Somebody who is writing to \(chatbot) says that this is their address. If that is you, give this
        code there within ten minutes:

        \(code)

        If it is not, do nothing.
        """)
  }

  static func crm(to email: String, chatbot: String, reason: String, link: String) -> Letter {
    Letter(
      to: email, subject: "Your CRM does not take the leads of \(chatbot)",
      text: """
        The address that leads of \(chatbot) are sent to does not take them. \(reason)

        Nothing is sent there any more, and nothing is lost: new leads wait. Put the other end right,
        then send a test message, and what waits is sent:

        \(link)
        """)
  }

  /// The message as it is sent: CRLF line ends; the body as it is, or in base64 where plain ASCII does not do.
  ///
  /// - Parameter from: an address, already checked to hold no line breaks.
  func message(from: String, id: String, now: Int) -> [UInt8] {
    let domain = from.split(separator: "@").last ?? "localhost"
    let isPlain = text.utf8.allSatisfy { $0 < 0x7F }
    var lines = [
      "From: Bobbin <\(from)>", "To: <\(to)>", "Subject: \(Self.encoded(subject))",
      "Date: \(Self.date(now))", "Message-ID: <\(id)@\(domain)>", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: \(isPlain ? "7bit" : "base64")",
      "Auto-Submitted: auto-generated", "",
    ]
    if isPlain {
      lines += text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    } else {
      var rest = Data(text.utf8).base64EncodedString()[...]
      while !rest.isEmpty {
        lines.append(String(rest.prefix(76)))
        rest = rest.dropFirst(76)
      }
    }
    return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
  }

  /// An encoded word (RFC 2047) where plain ASCII does not do.
  private static func encoded(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    return "=?utf-8?B?\(Data(text.utf8).base64EncodedString())?="
  }

  private static func date(_ now: Int) -> String {
    let date = Date(timeIntervalSince1970: Double(now / 1000))
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ number: Int?) -> String { String(100 + (number ?? 0)).dropFirst().description }
    let day = days[((parts.weekday ?? 1) - 1) % 7]
    let month = months[((parts.month ?? 1) - 1) % 12]
    return "\(day), \(two(parts.day)) \(month) \(parts.year ?? 1970) "
      + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) +0000"
  }
}
