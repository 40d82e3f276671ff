// Files from owners: looked at before they are kept, streamed to the blob store, on threads that may wait for a disk.

import BlobStore
import Corpus
import Hummingbird
import Spool

/// What may be uploaded, decided by the first bytes and the name, which must not contradict each other; extract looks again,
/// and much closer, in its sandbox.
enum UploadKind {
  /// Bytes that are enough to tell.
  static let headLength = 4096

  private static let text: Set<String> = [
    "html", "htm", "xhtml", "md", "markdown", "mdown", "mkd", "txt", "text", "log", "csv", "tsv",
    "rst", "adoc", "srt", "vtt",
  ]

  /// Whether a file that begins so and is called so can be read.
  static func accepts(head: [UInt8], name: String) -> Bool {
    let suffix =
      name.split(separator: ".").count > 1
      ? name.split(separator: ".").last.map { $0.lowercased() } : nil
    let isPDF = contains(Array("%PDF-".utf8), in: head.prefix(1024))
    let isZip = head.starts(with: [0x50, 0x4B, 0x03, 0x04])
    switch suffix {
    case "pdf": return isPDF
    case "docx": return isZip
    case let suffix? where text.contains(suffix): return isText(head)
    default: return isPDF || isZip || isText(head)
    }
  }

  /// Nothing but text has no NUL, unless it is UTF-16 and says so.
  private static func isText(_ head: [UInt8]) -> Bool {
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return true }
    return !head.contains(0) && !head.starts(with: [0x50, 0x4B, 0x03, 0x04])
      && !contains(Array("%PDF-".utf8), in: head.prefix(8))
  }

  private static func contains(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= pattern.count else { return false }
    return (bytes.startIndex...(bytes.endIndex - pattern.count)).contains { start in
      bytes[start..<start + pattern.count].elementsEqual(pattern)
    }
  }
}

/// Takes uploads.
struct Uploads: Sendable {
  let blobs: DirectoryBlobs
  init(blobs: DirectoryBlobs) { self.blobs = blobs }

  /// A form's file and its other parts.
  struct Form: Sendable {
    var file: BlobReference?
    var fileName = ""
    /// Other parts, as text.
    var fields: [String: String] = [:]
  }

  /// An upload that one task at a time writes to.
  ///
  /// `@unchecked`: the one task that owns the box awaits each use of it before the next.
  private final class Box: @unchecked Sendable {
    var upload: BlobUpload?
  }

  /// Reads a form with one file of at most `limit` bytes.
  ///
  /// - Throws: 400, 413, 415 for what is sent; `SpoolError` for a fault of the disk.
  func read(_ request: Request, limit: Int) async throws -> Form {
    guard let boundary = MultipartReader.boundary(of: request) else {
      throw AppError(.unsupportedMediaType)
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }),
      length > limit + (64 << 10)
    {
      throw AppError.tooLarge(limit: limit)
    }
    var reader = MultipartReader(boundary: boundary)
    var form = Form()
    let box = Box()
    var part: PartHead?
    var head: [UInt8] = []
    var field: [UInt8] = []
    var count = 0
    for try await buffer in request.body {
      for event in try reader.feed(buffer.readableBytesView) {
        switch event {
        case .part(let next):
          part = next
          field = []
          guard next.name == "file" else { continue }
          guard form.file == nil, box.upload == nil else {
            throw AppError.malformed("Send one file at a time.")
          }
          form.fileName = Self.shown(next.fileName)
          try await BlockingWork.run { box.upload = try BlobUpload(to: blobs) }
        case .bytes(let bytes):
          guard part?.name == "file" else {
            field += bytes
            guard field.count <= 8 << 10 else { throw AppError.tooLarge(limit: 8 << 10) }
            continue
          }
          count += bytes.count
          guard count <= limit else { throw AppError.tooLarge(limit: limit) }
          if head.count < UploadKind.headLength {
            head += bytes.prefix(UploadKind.headLength - head.count)
          }
          try await BlockingWork.run { try box.upload?.write(bytes) }
        case .partEnd:
          if part?.name == "file" {
            guard count > 0 else { throw AppError.malformed("The file is empty.") }
            guard UploadKind.accepts(head: head, name: form.fileName) else {
              throw AppError(.unsupportedType)
            }
            form.file = try await BlockingWork.run {
              guard let upload = box.upload.take() else { throw AppError(.internal) }
              return try upload.finish()
            }
          } else if let name = part?.name {
            guard let text = String(validating: field, as: UTF8.self) else {
              throw AppError.malformed("A part of the form is not UTF-8.")
            }
            form.fields[name] = text
          }
          part = nil
        }
      }
    }
    try reader.finish()
    return form
  }

  /// Stores a text.
  func store(_ text: String) async throws -> BlobReference {
    try await BlockingWork.run { try blobs.put(Array(text.utf8)) }
  }

  /// A name as it is shown: its last part, nothing that hides or turns text round, at most 255 bytes.
  static func shown(_ name: String?) -> String {
    let last = (name ?? "").split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
    var kept = String.UnicodeScalarView()
    for scalar in last.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: continue
      default: kept.append(scalar)
      }
    }
    var text = String(kept)
    while text.utf8.count > 255 { text.removeLast() }
    return text.contains { !$0.isWhitespace && $0 != "." } ? text : "file"
  }
}
