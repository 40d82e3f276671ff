// What a file is. The bytes decide, and the name must not contradict them: a file that is two things at once, or that
// claims one and is another, is refused rather than guessed about.

/// The kinds that are read.
enum FileKind: Equatable {
  case pdf
  case docx
  case html
  case markdown
  case plainText
  case captions

  var mediaType: String {
    switch self {
    case .pdf: "application/pdf"
    case .docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    case .html: "text/html"
    case .markdown: "text/markdown"
    case .plainText: "text/plain"
    case .captions: "text/vtt"
    }
  }

  /// Decides from the bytes, the name's extension and the declared media type, in that order of weight.
  ///
  /// - Throws: `noText` for an empty file, `encrypted` for a protected Office file, `malformed` where name and content
  ///   disagree or a file is two kinds at once, `unsupported` for all other kinds.
  static func find(
    _ bytes: [UInt8], fileName: String?, declaredType: String?
  ) throws(ExtractionError) -> FileKind {
    guard !bytes.isEmpty else { throw .noText(what: "the file is empty") }
    let suffix = fileExtension(fileName)
    let magic = FileMagic.find(bytes)
    if case .binary(let name) = magic {
      throw .unsupported(what: "the content is \(name)")
    }
    if magic == .compound {
      if FileMagic.holdsEncryptedPackage(bytes) { throw .encrypted }
      throw .unsupported(what: "an Office file of before 2007")
    }
    if let suffix, unreadExtensions.contains(suffix) {
      throw .unsupported(what: "files named .\(suffix)")
    }
    if magic != .zip, FileMagic.endsAsZip(bytes) {
      throw .malformed(what: "it is an archive and another kind of file at once")
    }
    switch magic {
    case .pdf:
      try agree(suffix, with: ["pdf"], content: "a PDF")
      return .pdf
    case .zip:
      try agree(suffix, with: ["docx"], content: "an archive")
      return .docx
    default:
      return try textKind(bytes, suffix: suffix, declaredType: declaredType)
    }
  }

  /// The name's extension in lower case; nil for none.
  static func fileExtension(_ name: String?) -> String? {
    guard let name, let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
    let suffix = name[name.index(after: dot)...].lowercased()
    let isPlain = suffix.utf8.allSatisfy {
      (97...122).contains($0) || (48...57).contains($0)
    }
    return (1...10).contains(suffix.utf8.count) && isPlain ? suffix : nil
  }

  private static func agree(
    _ suffix: String?, with allowed: Set<String>, content: String
  ) throws(ExtractionError) {
    guard let suffix, knownExtensions.contains(suffix), !allowed.contains(suffix) else { return }
    throw .malformed(what: "it is named .\(suffix) but its content is \(content)")
  }

  private static func textKind(
    _ bytes: [UInt8], suffix: String?, declaredType: String?
  ) throws(ExtractionError) -> FileKind {
    if let suffix, suffix == "pdf" || suffix == "docx" {
      throw .malformed(what: "it is named .\(suffix) but its content is not")
    }
    if FileMagic.hidesPDF(bytes) {
      throw .malformed(what: "it is a PDF and another kind of file at once")
    }
    guard !FileMagic.looksBinary(bytes) else {
      throw .unsupported(what: "the content is not text")
    }
    if Captions.isTimedText(bytes) || declaredType == transcriptType { return .captions }
    // A page that a server makes has any extension: what the server says weighs more.
    if declaredType == "text/html" || declaredType == "application/xhtml+xml" { return .html }
    switch suffix {
    case "html", "htm", "xhtml": return .html
    case "srt", "vtt": return .captions
    case "md", "markdown", "mdown", "mkd": return .markdown
    case "txt", "text", "log", "csv", "tsv", "rst", "adoc": return .plainText
    default: break
    }
    if declaredType == "text/markdown" { return .markdown }
    if declaredType == "text/vtt" || declaredType == "application/x-subrip" { return .captions }
    if FileMagic.looksLikeHTML(bytes) { return .html }
    if let declaredType, !declaredType.hasPrefix("text/"), !neutralTypes.contains(declaredType) {
      throw .unsupported(what: "the media type \(declaredType.prefix(100))")
    }
    return .plainText
  }

  /// What fetch declares of an owner's transcript of a video, whose lines may begin with times.
  static let transcriptType = "text/x-transcript"
  private static let neutralTypes: Set<String> = [
    "application/octet-stream", "binary/octet-stream", "application/json",
    "application/x-download",
  ]
  private static let knownExtensions: Set<String> = [
    "pdf", "docx", "html", "htm", "xhtml", "md", "markdown", "mdown", "mkd", "txt", "text", "log",
    "csv", "tsv", "rst", "adoc", "srt", "vtt",
  ]
  private static let unreadExtensions: Set<String> = [
    "doc", "xls", "ppt", "xlsx", "pptx", "xlsm", "docm", "odt", "ods", "odp", "epub", "rtf", "eml",
    "msg", "zip", "rar", "7z", "gz", "tar", "jpg", "jpeg", "png", "gif", "webp", "svg", "tif",
    "tiff", "bmp", "mp3", "mp4", "mov", "avi", "wav", "exe", "dll", "iso", "dmg", "pages",
    "numbers", "key",
  ]
}
