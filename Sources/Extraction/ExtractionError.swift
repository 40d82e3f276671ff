// Why a document gave no text: the closed list an owner sees. Each case has its word, a sentence and a remedy.

/// A document that could not be read.
package enum ExtractionError: Error, Codable, Equatable, Sendable, CustomStringConvertible {
  /// Something is beyond a limit; `what` names it with both numbers.
  case tooLarge(what: String)
  /// Protected by a password or by rights management.
  case encrypted
  /// Damaged, cut, or not what it claims to be; `what` says where.
  case malformed(what: String)
  /// Reading took longer than the limit.
  case timeout(seconds: Int)
  /// Reading needed more memory than the limit.
  case memory(mebibytes: Int)
  /// Read, but holds no text: scanned pages, or nothing at all.
  case noText(what: String)
  /// A kind of file that is not read.
  case unsupported(what: String)
  /// The machine's table for a character encoding cannot be loaded; not the document's fault.
  case converter(encoding: String)

  /// The word by which programs and receipts know the case.
  package var reason: String {
    switch self {
    case .tooLarge: "too_large"
    case .encrypted: "encrypted"
    case .malformed: "malformed"
    case .timeout: "timeout"
    case .memory: "memory"
    case .noText: "no_text"
    case .unsupported: "unsupported"
    case .converter: "converter"
    }
  }

  /// What the owner can do about it, one sentence.
  package var remedy: String {
    switch self {
    case .tooLarge: "Split the document into smaller parts."
    case .encrypted: "Save a copy without password protection."
    case .malformed: "Open it in the program it came from and save it again."
    case .timeout, .memory: "Save it again, as a simpler file or in smaller parts."
    case .noText: "If it is scanned, run text recognition (OCR) on it first."
    case .unsupported: "Save it as PDF, DOCX, HTML, Markdown or plain text."
    case .converter: "Check the gconv folder of the C library, or save it as UTF-8."
    }
  }

  package var description: String { "\(sentence) \(remedy)" }

  private var sentence: String {
    switch self {
    case .tooLarge(let what): "The document is too large: \(what)."
    case .encrypted: "The document is encrypted."
    case .malformed(let what): "The document is damaged: \(what)."
    case .timeout(let seconds): "Reading the document took longer than \(seconds) seconds."
    case .memory(let mebibytes): "Reading the document needed more than \(mebibytes) MiB of memory."
    case .noText(let what): "The document holds no text: \(what)."
    case .unsupported(let what): "This kind of document is not read: \(what)."
    case .converter(let encoding): "This machine cannot load its table for \(encoding)."
    }
  }
}
