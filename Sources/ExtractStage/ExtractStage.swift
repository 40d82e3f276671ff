// Turns fetched bytes into text with its places. Each document is parsed in a throw-away process (Sandbox), because it is
// a stranger's.

package import BlobStore
package import Corpus
package import Extraction
package import Spool

/// Page → Document.
package struct ExtractStage: Stage {
  package static let name = "extract"
  package static let version = 1
  package static let inputSchemas = [RecordSchema.page]
  package static let next: NextStage? = NextStage(stage: "chunk", schema: RecordSchema.document)

  private let blobs: DirectoryBlobs
  private let sandbox: Sandbox

  package init(blobs: DirectoryBlobs, sandbox: Sandbox) {
    self.blobs = blobs
    self.sandbox = sandbox
  }

  package func document(of input: Page) -> String { input.document.text }

  package func process(
    _ records: [Page], of envelope: Envelope
  ) async throws -> [Outcome<Document>] {
    var outcomes: [Outcome<Document>] = []
    for page in records { outcomes.append(try await extract(page)) }
    return outcomes
  }

  private func extract(_ page: Page) async throws -> Outcome<Document> {
    let path = try blobs.path(of: page.content)
    guard DurableFile.exists(path) else { throw BlobError.missing(page.content.blob) }
    let text: ExtractedText
    do {
      text = try await sandbox.extract(
        blobPath: path, fileName: page.fileName, declaredType: page.mediaType,
        charset: page.charset)
    } catch let error as ExtractionError {
      switch error.reason {
      // May be the machine's load rather than the document; three tries, then failed.
      case "timeout", "memory", "converter":
        return .retry(reason: error.reason, message: "\(error)")
      default: return .gone(reason: error.reason, message: "\(error)")
      }
    }
    let digest = SHA256Digest(of: text.content.text).hexDigits
    // A changed advert, date or number of readers is no change of the page.
    if digest == page.knownText {
      return .gone(reason: "unchanged", message: "Its text has not changed.")
    }
    let name = page.fileName ?? page.uri
    let description = DocumentDescription(
      document: page.document, source: page.source, uri: page.uri,
      title: page.title ?? Self.givenTitle(page, text)
        ?? (text.title.isEmpty ? name : text.title),
      language: text.language ?? page.language.map(Self.primary),
      mediaType: text.mediaType, rawDigest: page.content.blob,
      textDigest: digest)
    let report = Receipt.Document(
      document: page.document.text, message: text.warnings.first, title: description.title,
      pages: text.pageCount)
    return .done([Document(description: description, content: text.content)], [report])
  }

  /// The title that an owner gave to a text of his own: no page's address, and no file's name, for it has no ending.
  private static func givenTitle(_ page: Page, _ text: ExtractedText) -> String? {
    guard text.mediaType == "text/plain", let name = page.fileName, page.uri == name else {
      return nil
    }
    let ending = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last ?? ""
    let isFile =
      (1...8).contains(ending.utf8.count)
      && ending.allSatisfy { $0.isASCII && $0.isLetter || $0.isNumber }
    return isFile ? nil : name
  }

  /// The primary tag of a BCP 47 language.
  private static func primary(_ language: String) -> String {
    String(language.prefix { $0 != "-" && $0 != "_" }).lowercased()
  }
}
