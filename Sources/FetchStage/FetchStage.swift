// Gets the bytes of a source: a local file or one http(s) URL. What the bytes mean is extract's matter; this stage never
// parses a document.

package import BlobStore
package import Corpus
package import Spool
package import WebClient

/// Source → Page.
package struct FetchStage: Stage {
  package static let name = "fetch"
  package static let version = 1
  package static let inputSchemas = [RecordSchema.source]
  package static let next: NextStage? = NextStage(stage: "extract", schema: RecordSchema.page)

  private let blobs: DirectoryBlobs
  private let transport: WebTransport
  private let files: FileReader

  /// - Parameter transport: one of reach `ownerGiven`, because owners type these URLs.
  package init(blobs: DirectoryBlobs, transport: WebTransport, fileLimit: Int = 25 << 20) {
    self.blobs = blobs
    self.transport = transport
    files = FileReader(limit: fileLimit)
  }

  package func document(of input: Source) -> String { input.document.text }

  package func process(
    _ records: [Source], of envelope: Envelope
  ) async throws -> [Outcome<Page>] {
    var outcomes: [Outcome<Page>] = []
    for source in records {
      switch source.location {
      case .file(let path): outcomes.append(try fetchFile(source, path: path))
      case .web(let url): outcomes.append(try await fetchPage(source, url: url))
      }
    }
    return outcomes
  }

  private func fetchFile(_ source: Source, path: String) throws -> Outcome<Page> {
    switch try files.read(path) {
    case .failure(let refusal) where refusal.mayPass:
      return .retry(reason: refusal.reason, message: refusal.message)
    case .failure(let refusal):
      return .gone(reason: refusal.reason, message: refusal.message)
    case .success(let bytes):
      let page = Page(
        source: source.source, document: source.document, uri: source.name,
        content: try blobs.put(bytes), fileName: source.name, mediaType: nil, charset: nil,
        status: nil)
      return .done([page], [.init(document: source.document.text)])
    }
  }

  private func fetchPage(_ source: Source, url: String) async throws -> Outcome<Page> {
    let response: WebResponse
    do {
      response = try await transport.send(WebRequest(url: url))
    } catch {
      return error.isTransient
        ? .retry(reason: error.reason, message: "\(error)")
        : .gone(reason: error.reason, message: "\(error)")
    }
    guard (200...299).contains(response.status) else { return refusal(response) }
    guard !response.body.isEmpty else {
      return .gone(reason: "empty", message: "The page is empty.")
    }
    let page = Page(
      source: source.source, document: source.document, uri: response.finalURL,
      content: try blobs.put(response.body), fileName: Self.fileName(of: response.finalURL),
      mediaType: response.mediaType, charset: response.charset, status: response.status)
    return .done([page], [.init(document: source.document.text)])
  }

  /// 429 and 5xx may pass, everything else needs a person.
  private func refusal(_ response: WebResponse) -> Outcome<Page> {
    let status = response.status
    let reason = "http_\(status)"
    if status == 429 || status == 408 || (500...599).contains(status) {
      let wait = response.retryAfter.map { Int($0.components.seconds) * 1000 }
      return .retry(
        reason: reason, message: "The site answered \(status); it is asked again later.",
        notBefore: wait)
    }
    let remedy =
      switch status {
      case 401, 403: "the page needs a login or refuses robots: upload its content as a file"
      case 404, 410: "the page does not exist (any more): check the address"
      default: "open the address in a browser and check it"
      }
    return .gone(reason: reason, message: "The site answered \(status): \(remedy).")
  }

  /// The last part of a URL's path, for its extension.
  private static func fileName(of url: String) -> String? {
    let parts = url.prefix { $0 != "?" && $0 != "#" }
      .split(separator: "/", omittingEmptySubsequences: false)
    // scheme: "" host path…
    guard parts.count > 3, let name = parts.last, !name.isEmpty else { return nil }
    return String(name.prefix(255))
  }
}
