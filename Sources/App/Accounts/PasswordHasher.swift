// bcrypt on a bounded pool of its own: a hash takes a quarter of a second on purpose, so it runs on low-priority threads,
// and when too many wait, the next is told to come again. A storm of sign-ins must not slow a chat.

import CCrypt
import CLinux
import Dispatch
import FoundationEssentials
import Glibc
import Spool
import Synchronization

/// Makes and checks password hashes.
final class PasswordHasher: Sendable {
  /// 2^cost rounds.
  private let cost: Int
  /// Hashes that may wait.
  private let waitingLimit: Int
  private let queue: DispatchQueue
  private let waiting = Mutex(0)
  /// Checked when there is no account, so that the time says nothing.
  private let decoy: String

  /// - Parameter cost: at least 12 in production; tests take less.
  init(cost: Int, waitingLimit: Int = 32) {
    self.cost = cost
    self.waitingLimit = waitingLimit
    queue = DispatchQueue(label: "password", qos: .utility)
    decoy = Self.hash(Self.digest("no such account"), cost: cost) ?? ""
  }

  /// The hash of a password.
  ///
  /// - Throws: `AppError.busy` when too many wait.
  func hash(_ password: String) async throws -> String {
    let digest = Self.digest(password)
    let cost = cost
    guard let hash = try await run({ Self.hash(digest, cost: cost) }) else {
      throw AppError(.internal)
    }
    return hash
  }

  /// Whether a password has this hash; takes as long without one.
  ///
  /// - Throws: `AppError.busy` when too many wait.
  func verify(_ password: String, _ hash: String?) async throws -> Bool {
    let digest = Self.digest(password)
    let expected = hash ?? decoy
    let computed = try await run { Self.crypt(digest, setting: expected) }
    return Self.equal(computed ?? "", expected) && hash != nil
  }

  private func run<Value: Sendable>(
    _ work: @escaping @Sendable () -> Value
  ) async throws -> Value {
    let isAccepted = waiting.withLock { count in
      guard count < waitingLimit else { return false }
      count += 1
      return true
    }
    guard isAccepted else { throw AppError.busy(retryAfterSeconds: 5) }
    defer { waiting.withLock { $0 -= 1 } }
    return await withCheckedContinuation { continuation in
      queue.async {
        // The queue only lends its thread. Back to 0 needs a privilege: without it the thread stays nice, which harms nothing.
        _ = clinux_set_thread_niceness(10)
        let value = work()
        _ = clinux_set_thread_niceness(0)
        continuation.resume(returning: value)
      }
    }
  }

  /// What bcrypt gets: it reads 72 bytes and stops at a NUL, so these are 44 characters made of all of them.
  ///
  /// The prefix keeps a digest that
  /// leaked elsewhere from being tried here.
  static func digest(_ password: String) -> String {
    let text = "bobbin password 1\u{0}" + password.precomposed
    return Data(SHA256Digest(of: text).bytes).base64EncodedString()
  }

  private static func hash(_ digest: String, cost: Int) -> String? {
    let salt = RandomText.bytes(16)
    var setting = [CChar](repeating: 0, count: 192)
    let made = salt.withUnsafeBytes { bytes in
      crypt_gensalt_rn(
        "$2b$", UInt(cost), bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
        Int32(bytes.count), &setting, Int32(setting.count))
    }
    guard made != nil else { return nil }
    return crypt(
      digest,
      setting: String(
        decoding: setting.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// Source: man 3 crypt.
  private static func crypt(_ digest: String, setting: String) -> String? {
    // 32 KiB: not on a thread's stack.
    let size = MemoryLayout<crypt_data>.size
    let space = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    memset(space, 0, size)
    defer {
      // It held what was derived from the password.
      explicit_bzero(space, size)
      space.deallocate()
    }
    guard let result = crypt_rn(digest, setting, space, Int32(size)) else { return nil }
    return String(cString: result)
  }

  /// Compares without telling how much is equal.
  private static func equal(_ left: String, _ right: String) -> Bool {
    let (first, second) = (Array(left.utf8), Array(right.utf8))
    guard first.count == second.count else { return false }
    return zip(first, second).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
