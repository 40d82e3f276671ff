// Looks a whole installation over and says what to do: settings, keys, disk, spool, database, model, executables, clock of what
// waits. Changes nothing but a probe that it takes back.

import FoundationEssentials
import Glibc
import Spool
package import Storage
import VectorShard

/// One thing that was looked at.
package struct DoctorFinding: Encodable, Sendable {
  package enum Verdict: String, Encodable, Sendable {
    case good
    /// It works, and somebody should know.
    case notice
    /// Something will not work.
    case bad
  }

  package let name: String
  package let verdict: Verdict
  /// What was found.
  package let found: String
  /// What to do; nil when there is nothing to do.
  package let remedy: String?

  package init(name: String, verdict: Verdict, found: String, remedy: String?) {
    self.name = name
    self.verdict = verdict
    self.found = found
    self.remedy = remedy
  }
}

/// The examination.
package struct Doctor: Sendable {
  let configuration: Configuration
  /// Where the executables are.
  private let executables: String

  package init(_ configuration: Configuration, executables: String) {
    self.configuration = configuration
    self.executables = executables
  }

  /// Looks at everything, in the order in which it would be mended.
  package func examine() async -> [DoctorFinding] {
    var findings = [data(), spool(), disk(), keys(), model(), programs()]
    findings += publicURL() + mail() + proxies() + words()
    findings += await endpoints()
    findings += await database()
    return findings
  }

  func finding(
    _ name: String, _ verdict: DoctorFinding.Verdict, _ found: String, _ remedy: String? = nil
  ) -> DoctorFinding {
    DoctorFinding(name: name, verdict: verdict, found: found, remedy: remedy)
  }

  // MARK: Files

  private func writable(_ path: String) -> String? {
    let probe = "\(path)/.doctor.\(Worker.randomDigits())"
    do {
      try DurableFile.makeDirectory(path)
      try DurableFile.write([], to: probe)
      try DurableFile.remove(probe)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func data() -> DoctorFinding {
    if let why = writable(configuration.data) {
      return finding(
        "data directory", .bad, why, "make it writable for the server's user, or set BOBBIN_DATA")
    }
    return finding("data directory", .good, configuration.data)
  }

  private func spool() -> DoctorFinding {
    if let why = writable(configuration.spool) {
      return finding(
        "spool", .bad, why, "make it writable for the stages' user, or set BOBBIN_SPOOL")
    }
    do {
      for stage in ["fetch", "extract", "chunk", "embed", "index", "ledger"] {
        try SpoolDirectory(spool: configuration.spool, stage: stage).prepare()
      }
    } catch {
      return finding("spool", .bad, "\(error)", "keep the spool on a local file system")
    }
    return finding("spool", .good, configuration.spool)
  }

  private func disk() -> DoctorFinding {
    do {
      try DiskReserve.check(configuration.data)
      try DiskReserve.check(configuration.spool)
      return finding("disk", .good, "the reserve is free")
    } catch {
      return finding(
        "disk", error.isReserve ? .bad : .notice, "\(error)",
        "free some space, or set BOBBIN_DISK_RESERVE_MIB; until then nothing is taken in")
    }
  }

  private func keys() -> DoctorFinding {
    do {
      let keys = try SecretKeys.load(data: configuration.data, text: configuration.secretKeys)
      return finding("keys", .good, "\(keys.signing.count) accepted, \(keys.newest.id) signs")
    } catch {
      return finding("keys", .bad, "\(error)", "see what it says")
    }
  }

  private func model() -> DoctorFinding {
    if let base = configuration.embeddingBaseURL {
      return finding("embedding model", .good, "\(configuration.embeddingModel) at \(base)")
    }
    let file = "\(configuration.modelDirectory)/model.safetensors"
    return DurableFile.exists(file)
      ? finding("embedding model", .good, configuration.modelDirectory)
      : finding("embedding model", .bad, "\(file) is missing", "make model")
  }

  private func programs() -> DoctorFinding {
    let names = ["fetch", "extract", "chunk", "embed", "index", "serve"].map { "bobbin-\($0)" }
    let missing = names.filter { access("\(executables)/\($0)", X_OK) != 0 }
    return missing.isEmpty
      ? finding("executables", .good, executables)
      : finding(
        "executables", .bad, "\(missing.joined(separator: ", ")) missing in \(executables)",
        "make build, or make install")
  }

  // MARK: Settings

  private func publicURL() -> [DoctorFinding] {
    let url = configuration.publicURL
    if configuration.publicURLSetting == nil {
      return [
        finding(
          "public address", .notice, "\(url), because BOBBIN_PUBLIC_URL is not set",
          "set it to the https address people use: it stands in letters and links")
      ]
    }
    let isLocal = url.hasPrefix("http://localhost") || url.hasPrefix("http://127.")
    if url.hasPrefix("http://"), !isLocal {
      return [
        finding(
          "public address", .bad, "\(url) is not https",
          "put TLS in front: browsers keep sign-in cookies for https and localhost only")
      ]
    }
    return [finding("public address", .good, url)]
  }

  private func mail() -> [DoctorFinding] {
    switch configuration.mail {
    case "none":
      [
        finding(
          "letters", .notice, "off: addresses are not proved, forgotten passwords stay forgotten",
          "set BOBBIN_SMTP_URL")
      ]
    case "folder":
      [
        finding(
          "letters", .notice, "written to \(configuration.data)/mail, not sent",
          "set BOBBIN_SMTP_URL before strangers sign up")
      ]
    default: [finding("letters", .good, "sent by the mail server of BOBBIN_SMTP_URL")]
    }
  }

  private func proxies() -> [DoctorFinding] {
    guard configuration.publicURL.hasPrefix("https://"), configuration.trustedProxies.isEmpty
    else { return [] }
    return [
      finding(
        "proxy", .notice, "the public address is https and no proxy is trusted",
        "name the proxy's address in BOBBIN_TRUSTED_PROXIES, or all visitors count as one")
    ]
  }

  /// The lists of words that are no secret, which the gate of blended answers reads.
  private func words() -> [DoctorFinding] {
    guard configuration.modelBaseURL != nil else { return [] }
    let lists = Vocabularies.lists(modelDirectory: configuration.modelDirectory)
    let installed = lists.filter { $0.hasPrefix(Vocabularies.folder) }
    if !installed.isEmpty {
      return [finding("word lists", .good, installed.joined(separator: ", "))]
    }
    let remedy =
      "install the lists of your documents' languages (Debian: wamerican, wngerman, wfrench …); without them blended answers are "
      + "stopped more often than they need to be"
    return lists.contains(where: DurableFile.exists)
      ? [finding("word lists", .notice, "only the embedding model's vocabulary", remedy)]
      : [finding("word lists", .notice, "none", remedy)]
  }

  // MARK: Rows

  private func database() async -> [DoctorFinding] {
    let path = "\(configuration.data)/bobbin.sqlite"
    let database: AppDatabase
    do {
      database = try AppDatabase(path: path)
      try await database.probe()
    } catch {
      return [finding("database", .bad, "\(error)", "see what it says")]
    }
    var findings: [DoctorFinding] = []
    do {
      let faults = try await database.faults()
      findings.append(
        faults.isEmpty
          ? finding("database", .good, "whole, every reference leads somewhere")
          : finding(
            "database", .bad, faults.prefix(3).joined(separator: "; "),
            "stop the server and bring back the last back-up"))
      if let entry = try await database.brokenAuditEntry(digest: { SHA256Digest(of: $0).bytes }) {
        findings.append(
          finding(
            "audit log", .bad, "changed at entry \(entry) or before it",
            "compare it with a back-up: somebody wrote to the database"))
      } else {
        findings.append(finding("audit log", .good, "no row is missing or changed"))
      }
      let hasOperator = try await database.hasOperator()
      findings.append(
        hasOperator
          ? finding("operator", .good, "there is one")
          : finding(
            "operator", .notice, "no account is an operator's",
            "bobbin admin invite you@example.com --operator"))
      let stuck = try await Janitor(spool: configuration.spool, database: database).stuckItems()
      findings.append(
        stuck.isEmpty
          ? finding("training", .good, "nothing is stuck")
          : finding(
            "training", .bad, "\(stuck.count) items silent for longer than any work may take",
            "see that the stages run (bobbin pipeline, or systemd), then bobbin spool ls"))
      findings += try await shards(database)
    } catch {
      findings.append(finding("database", .bad, "\(error)", "see what it says"))
    }
    return findings
  }

  private func shards(_ database: AppDatabase) async throws -> [DoctorFinding] {
    var bad: [String] = []
    let chatbots = try await database.chatbots()
    for chatbot in chatbots {
      let directory = "\(configuration.data)/shards/\(chatbot.id)"
      do throws(ShardError) {
        _ = try ShardSet.open(directory: directory)
        // The kept ones too: while one cannot be read, no blob of any chatbot is taken away.
        for generation in try ShardManifest.generations(in: directory) {
          _ = try ShardSet(
            try ShardManifest.manifest(generation: generation, in: directory), in: directory)
        }
      } catch {
        bad.append("\(chatbot.slug): \(error)")
      }
    }
    return [
      bad.isEmpty
        ? finding("shards", .good, "those of \(chatbots.count) chatbots open")
        : finding(
          "shards", .bad, bad.prefix(3).joined(separator: "; "),
          "bobbin shard verify, then bobbin shard rollback, or train again")
    ]
  }
}
