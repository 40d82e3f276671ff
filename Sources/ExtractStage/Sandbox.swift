// Reads one document in a throw-away child process: this executable again, with `--parse-one`, an empty environment, three
// pipes and the document as an open file. The child limits itself before it looks at a byte; the parent holds the clock.
//
// Relies on posix_spawn and rlimits; a full sandbox (bubblewrap, seccomp, Landlock) comes around this, not instead of it.
// The child's user is nobody and its network namespace empty where the parent is root.

package import Extraction

internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// Runs extractions in limited child processes.
package struct Sandbox: Sendable {
  /// The hidden first argument that makes the executable a child.
  static let childArgument = "--parse-one"

  private let executable: String
  private let limits: ExtractionLimits
  /// Waiting for a child blocks a thread; this queue's, never one of Swift's cooperative pool.
  private static let queue = DispatchQueue(label: "bobbin.sandbox", attributes: .concurrent)

  /// `executable` must call `SandboxChild.runIfRequested` first thing in its main; `/proc/self/exe` is this one.
  package init(executable: String, limits: ExtractionLimits) {
    self.executable = executable
    self.limits = limits
  }

  /// Reads the file at `blobPath`.
  ///
  /// - Throws: `ExtractionError` for whatever the document does to the child; `SandboxFailure` when the machine does not
  ///   let a child start, which is no fault of the document: try again.
  package func extract(
    blobPath: String, fileName: String?, declaredType: String?, charset: String?
  ) async throws -> ExtractedText {
    let request = SandboxRequest(
      fileName: fileName.map { SandboxRequest.shortened($0, to: 255) },
      declaredType: declaredType.map { SandboxRequest.shortened($0, to: 255) },
      charset: charset.map { SandboxRequest.shortened($0, to: 100) }, limits: limits)
    let encoded = try JSONEncoder().encode(request)
    return try await withCheckedThrowingContinuation { continuation in
      Sandbox.queue.async {
        continuation.resume(
          with: Result {
            try ChildProcess.run(
              executable: executable, blobPath: blobPath, request: Array(encoded), limits: limits)
          })
      }
    }
  }
}

/// The machine did not let a child start.
package struct SandboxFailure: Error, CustomStringConvertible {
  /// The call that failed.
  package let call: String
  /// Its error number.
  package let code: Int32

  package var description: String {
    "sandbox: \(call) failed: \(String(cString: strerror(code))) (\(code)); check the machine's "
      + "limits on processes and files, and the path of the executable"
  }
}

/// What the parent asks of the child, as JSON on its standard input.
private struct SandboxRequest: Codable {
  let fileName: String?
  let declaredType: String?
  let charset: String?
  let limits: ExtractionLimits

  /// The end of a name, where its extension is, in so many scalars.
  static func shortened(_ text: String, to count: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.suffix(count)))
  }
}

/// What the child answers, as JSON on its standard output.
private enum SandboxAnswer: Codable {
  case text(ExtractedText)
  case failure(ExtractionError)
}

/// The parent's half: start, read with limits, kill when late, tell what became of it.
private enum ChildProcess {
  /// Where the child finds the document.
  static let fileDescriptor: Int32 = 3

  static func run(
    executable: String, blobPath: String, request: [UInt8], limits: ExtractionLimits
  ) throws -> ExtractedText {
    let blob = OwnedDescriptor(open(blobPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW))
    guard blob.isOpen else { throw SandboxFailure(call: "open", code: errno) }
    // One at a time: a pipe of one child must not leak into another that starts in between.
    let (child, watch) = try starting.withLock { _ in
      let input = try Pipe()
      let output = try Pipe()
      let complaints = try Pipe()
      // The request is far smaller than a pipe's buffer: it is written before anyone reads, and no SIGPIPE can come.
      guard request.count <= 32 << 10, input.write(request) else {
        throw SandboxFailure(call: "write", code: errno)
      }
      let child = try spawn(
        executable,
        [input.reading.number, output.writing.number, complaints.writing.number, blob.number])
      return (
        child,
        ChildWatch(output: output.reading, complaints: complaints.reading, limits: limits)
      )
    }
    let end = watch.follow(child)
    return try verdict(watch: watch, end: end, limits: limits)
  }

  private static let starting = Mutex(())

  private static func spawn(_ executable: String, _ descriptors: [Int32]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Sources may themselves be 0...3, so they are first moved out of the way.
    for (target, source) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, source, Int32(100 + target))
    }
    for target in descriptors.indices {
      posix_spawn_file_actions_adddup2(&actions, Int32(100 + target), Int32(target))
    }
    for target in descriptors.indices {
      posix_spawn_file_actions_addclose(&actions, Int32(100 + target))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that a signal to it reaches whatever the child might start; default signals, none blocked.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    var process: pid_t = 0
    // Nothing is inherited from the parent's environment. The backtracer would hold a crashed child for minutes; few
    // malloc arenas keep address space for the document.
    let code = withStrings([executable, Sandbox.childArgument]) { arguments in
      withStrings(["SWIFT_BACKTRACE=enable=no", "MALLOC_ARENA_MAX=1"]) { environment in
        posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else { throw SandboxFailure(call: "posix_spawn", code: code) }
    return process
  }

  private static func withStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
  }

  private static func verdict(
    watch: ChildWatch, end: ChildWatch.End, limits: ExtractionLimits
  ) throws -> ExtractedText {
    if end.wasLate { throw ExtractionError.timeout(seconds: limits.wallSeconds) }
    if watch.isFlooded {
      throw ExtractionError.tooLarge(
        what: "its text is more than \(limits.maxAnswerBytes >> 20) MiB")
    }
    if end.signal == SIGXCPU { throw ExtractionError.timeout(seconds: limits.cpuSeconds) }
    if end.signal == 0, end.status == 0,
      let answer = try? JSONDecoder().decode(SandboxAnswer.self, from: Data(watch.answer))
    {
      switch answer {
      case .text(let text): return text
      case .failure(let error): throw error
      }
    }
    if end.status == SandboxChild.setUpFailed {
      throw SandboxFailure(call: "setting up the child", code: EPERM)
    }
    // The kernel kills with SIGKILL at the hard limit of processor time.
    if end.signal == SIGKILL, end.cpuSeconds >= Double(limits.cpuSeconds) {
      throw ExtractionError.timeout(seconds: limits.cpuSeconds)
    }
    // Out of memory shows as a complaint of whichever allocator met it, or as a crash of a large process.
    let words = String(decoding: watch.complaints, as: UTF8.self).lowercased()
    let complains = ["bad_alloc", "memory", "alloc"].contains { word in words.contains(word) }
    let isLarge = end.peakBytes >= limits.addressSpaceBytes / 2
    // An end without an answer and without a signal is not the document's doing: the loader or a read failed.
    if end.signal == 0, !complains {
      throw SandboxFailure(call: "the child, which ended with \(end.status),", code: EIO)
    }
    if complains || isLarge || end.signal == SIGKILL {
      throw ExtractionError.memory(mebibytes: limits.addressSpaceBytes >> 20)
    }
    throw ExtractionError.malformed(what: "the reader crashed on it (signal \(end.signal))")
  }
}

/// Reads what a child says until it ends, and ends it when it takes too long or says too much.
private final class ChildWatch {
  struct End {
    var signal: Int32 = 0
    var status: Int32 = 0
    var wasLate = false
    var cpuSeconds = 0.0
    var peakBytes = 0
  }

  private let output: OwnedDescriptor
  private let errors: OwnedDescriptor
  private let limits: ExtractionLimits
  private(set) var answer: [UInt8] = []
  private(set) var complaints: [UInt8] = []
  private(set) var isFlooded = false

  init(output: OwnedDescriptor, complaints: OwnedDescriptor, limits: ExtractionLimits) {
    self.output = output
    self.errors = complaints
    self.limits = limits
  }

  func follow(_ child: pid_t) -> End {
    let deadline = ContinuousClock.now + .seconds(limits.wallSeconds)
    var end = End()
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while output.isOpen || errors.isOpen {
      let left = deadline - ContinuousClock.now
      guard left > .zero, !isFlooded else {
        end.wasLate = left <= .zero
        break
      }
      var polls = [
        pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errors.number, events: Int16(POLLIN), revents: 0),
      ]
      let milliseconds = Int32(clamping: left.components.seconds * 1_000 + 50)
      guard poll(&polls, 2, milliseconds) > 0 else { continue }
      if polls[0].revents != 0 { take(output, &buffer) { self.hear($0) } }
      if polls[1].revents != 0 {
        take(errors, &buffer) { piece in
          if self.complaints.count < 8 << 10 { self.complaints.append(contentsOf: piece) }
        }
      }
    }
    if end.wasLate || isFlooded { kill(-child, SIGKILL) }
    if !reap(child, until: deadline, &end) {
      end.wasLate = true
      kill(-child, SIGKILL)
      _ = reap(child, until: nil, &end)
    }
    return end
  }

  private func hear(_ piece: ArraySlice<UInt8>) {
    guard answer.count + piece.count <= limits.maxAnswerBytes else {
      isFlooded = true
      return
    }
    answer.append(contentsOf: piece)
  }

  private func take(
    _ descriptor: OwnedDescriptor, _ buffer: inout [UInt8], _ use: (ArraySlice<UInt8>) -> Void
  ) {
    let count = buffer.withUnsafeMutableBytes { read(descriptor.number, $0.baseAddress, $0.count) }
    if count > 0 {
      use(buffer[..<count])
    } else if count == 0 || errno != EINTR {
      descriptor.close()
    }
  }

  /// Waits for the child; false when it still runs at `deadline` (it may close its pipes and go on).
  private func reap(_ child: pid_t, until deadline: ContinuousClock.Instant?, _ end: inout End)
    -> Bool
  {
    var status: Int32 = 0
    var usage = rusage()
    while true {
      let result = wait4(child, &status, deadline == nil ? 0 : WNOHANG, &usage)
      if result == child { break }
      if result < 0, errno != EINTR { return true }
      if let deadline {
        if ContinuousClock.now >= deadline { return false }
        usleep(1_000)
      }
    }
    end.signal = status & 0x7F
    end.status = end.signal == 0 ? (status >> 8) & 0xFF : -1
    end.cpuSeconds =
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    end.peakBytes = usage.ru_maxrss << 10
    return true
  }
}

/// A descriptor that is closed once: by `close` or with its owner.
private final class OwnedDescriptor {
  private(set) var number: Int32
  var isOpen: Bool { number >= 0 }

  init(_ number: Int32) { self.number = number }
  deinit { close() }

  func close() {
    if number >= 0 { _ = Glibc.close(number) }
    number = -1
  }
}

/// A pipe whose ends no other child inherits.
private struct Pipe {
  let reading: OwnedDescriptor
  let writing: OwnedDescriptor

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SandboxFailure(call: "pipe", code: errno) }
    reading = OwnedDescriptor(ends[0])
    writing = OwnedDescriptor(ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  func write(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { Glibc.write(writing.number, $0.baseAddress, $0.count) } == bytes.count
  }
}

/// The child's half.
package enum SandboxChild {
  /// The exit code of a child that could not limit itself.
  static let setUpFailed: Int32 = 71

  /// Runs as the child when the first argument says so; returns its exit code, or nil in a process that is no child.
  ///
  /// Call this before anything else in main: it limits the whole process.
  package static func runIfRequested(arguments: [String]) -> Int32? {
    guard arguments.dropFirst().first == Sandbox.childArgument else { return nil }
    guard case .whole(let input) = readAll(0, atMost: 64 << 10),
      let request = try? JSONDecoder().decode(SandboxRequest.self, from: Data(input))
    else { return 64 }
    guard limitMyself(request.limits) else { return setUpFailed }
    let answer: SandboxAnswer
    switch readAll(ChildProcess.fileDescriptor, atMost: request.limits.maxBytes) {
    case .whole(let bytes):
      do throws(ExtractionError) {
        answer = .text(
          try Extractor.extract(
            bytes: bytes, fileName: request.fileName, declaredType: request.declaredType,
            charset: request.charset, limits: request.limits))
      } catch {
        answer = .failure(error)
      }
    case .tooLarge:
      answer = .failure(.tooLarge(what: "more than \(request.limits.maxBytes >> 20) MiB"))
    case .failed: return 74
    }
    guard let encoded = try? JSONEncoder().encode(answer) else { return 70 }
    return writeAll(Array(encoded)) ? 0 : 74
  }

  /// Takes away what reading a document does not need; false when the machine refuses what must not be missing.
  private static func limitMyself(_ limits: ExtractionLimits) -> Bool {
    if geteuid() == 0 {
      // An empty network and message space, then nobody's rights. Best effort: the limits below hold without them.
      call("unshare", 0x4000_0000 | 0x0800_0000)  // CLONE_NEWNET, CLONE_NEWIPC
      guard setgroups(0, nil) == 0, setgid(65_534) == 0, setuid(65_534) == 0 else { return false }
    }
    call("prctl", 38, 1)  // PR_SET_NO_NEW_PRIVS
    call("prctl", 1, Int(SIGKILL))  // PR_SET_PDEATHSIG: the child does not outlive its parent
    call("prctl", 4, 0)  // PR_SET_DUMPABLE: no core, no ptrace by equals
    closefrom(ChildProcess.fileDescriptor + 1)
    return limit(RLIMIT_AS.rawValue, limits.addressSpaceBytes)
      && limit(RLIMIT_CPU.rawValue, limits.cpuSeconds, hard: limits.cpuSeconds + 1)
      && limit(RLIMIT_FSIZE.rawValue, limits.writtenFileBytes)
      && limit(6, limits.processes)  // RLIMIT_NPROC, which Swift's Glibc leaves out
      && limit(RLIMIT_NOFILE.rawValue, limits.openFiles)
      && limit(RLIMIT_CORE.rawValue, 0)
  }

  private static func limit(_ resource: UInt32, _ value: Int, hard: Int? = nil) -> Bool {
    let resource = __rlimit_resource_t(bitPattern: resource)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return false }
    limit.rlim_max = min(limit.rlim_max, rlim_t(max(0, hard ?? value)))
    limit.rlim_cur = min(limit.rlim_max, rlim_t(max(0, value)))
    return setrlimit(resource, &limit) == 0
  }

  /// Calls a function of the C library that Swift's Glibc does not declare: GNU extensions and variadic ones.
  ///
  /// Best effort. `prctl` and `unshare` take integers only, which the calling convention passes alike in their fixed form.
  private static func call(_ name: String, _ first: Int, _ second: Int = 0) {
    typealias Function = @convention(c) (Int32, Int, Int, Int, Int) -> Int32
    guard let symbol = dlsym(nil, name) else { return }
    _ = unsafeBitCast(symbol, to: Function.self)(Int32(truncatingIfNeeded: first), second, 0, 0, 0)
  }

  /// What came of reading a descriptor to its end.
  private enum Reading {
    case whole([UInt8])
    case tooLarge
    /// The machine's fault; half a document must not be taken for a whole one.
    case failed
  }

  private static func readAll(_ descriptor: Int32, atMost limit: Int) -> Reading {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return .whole(all) }
      if count < 0 {
        if errno == EINTR { continue }
        return .failed
      }
      guard all.count + count <= limit else { return .tooLarge }
      all.append(contentsOf: buffer[..<count])
    }
  }

  private static func writeAll(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
