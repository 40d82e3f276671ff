// multipart/form-data (RFC 7578) as it arrives: parts are handed on piece by piece, nothing is kept but the piece in hand. The
// number of parts and the length of a part's head are limited while reading; the length of the whole is its reader's matter.

import HTTPTypes
import Hummingbird
import NIOCore

/// The head of one part.
struct PartHead: Sendable, Equatable {
  let name: String
  /// As sent; never used as a path.
  let fileName: String?
  let mediaType: String?
}

/// What a reader of a form meets.
enum MultipartEvent: Sendable, Equatable {
  case part(PartHead)
  case bytes([UInt8])
  case partEnd
}

/// Splits a form's bytes into events; feed it what comes, in any pieces.
struct MultipartReader {
  private enum Place { case preamble, head, body, epilogue }

  private static let headLimit = 4 << 10
  private let partLimit: Int
  /// CRLF, two hyphens, the boundary.
  private let delimiter: [UInt8]
  private var buffer: [UInt8]
  private var place = Place.preamble
  private var parts = 0

  init(boundary: String, partLimit: Int = 20) {
    delimiter = Array("\r\n--\(boundary)".utf8)
    self.partLimit = partLimit
    // The first delimiter may stand at the very beginning, without a line break before it.
    buffer = [13, 10]
  }

  /// The boundary of a request's form; nil when it is no form.
  static func boundary(of request: Request) -> String? {
    guard let type = request.headers[.contentType],
      type.lowercased().hasPrefix("multipart/form-data")
    else { return nil }
    let value = parameter("boundary", of: type)
    guard let value, (1...70).contains(value.utf8.count),
      value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 })
    else { return nil }
    return value
  }

  /// A parameter of a header's value, quoted or not.
  static func parameter(_ name: String, of value: String) -> String? {
    var parameters: [String] = []
    var current = ""
    var isQuoted = false
    var isEscaped = false
    for character in value {
      if isEscaped {
        current.append(character)
        isEscaped = false
      } else if character == "\\", isQuoted {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      } else if character == ";", !isQuoted {
        parameters.append(current)
        current = ""
      } else {
        current.append(character)
      }
    }
    parameters.append(current)
    for parameter in parameters.dropFirst() {
      let parts = parameter.split(separator: "=", maxSplits: 1)
      if parts.count == 2, parts[0].trimmingSpace().lowercased() == name {
        return String(parts[1].trimmingSpace())
      }
    }
    return nil
  }

  /// Takes the next bytes.
  ///
  /// - Throws: 400 for what is no form, 413 for too many parts or too long a head.
  mutating func feed(_ bytes: some Sequence<UInt8>) throws(AppError) -> [MultipartEvent] {
    buffer += bytes
    var events: [MultipartEvent] = []
    while try step(&events) {}
    return events
  }

  /// The end of the bytes.
  ///
  /// - Throws: 400 when the form was cut short.
  func finish() throws(AppError) {
    guard place == .epilogue else { throw .malformed("The form ends before its last boundary.") }
  }

  /// - Returns: whether more can be done with what is there.
  private mutating func step(_ events: inout [MultipartEvent]) throws(AppError) -> Bool {
    switch place {
    case .preamble, .body:
      guard let start = Self.find(delimiter, in: buffer) else {
        // The last bytes may be the beginning of a delimiter.
        let safe = max(0, buffer.count - delimiter.count + 1)
        if place == .body, safe > 0 { events.append(.bytes(Array(buffer[..<safe]))) }
        buffer.removeFirst(safe)
        return false
      }
      // Two hyphens or a line break must follow before it is decided what it is.
      guard buffer.count >= start + delimiter.count + 2 else {
        if place == .body, start > 0 { events.append(.bytes(Array(buffer[..<start]))) }
        buffer.removeFirst(start)
        return false
      }
      if place == .body {
        if start > 0 { events.append(.bytes(Array(buffer[..<start]))) }
        events.append(.partEnd)
      }
      let after = start + delimiter.count
      if buffer[after] == 45, buffer[after + 1] == 45 {
        place = .epilogue
        buffer = []
        return false
      }
      guard buffer[after] == 13, buffer[after + 1] == 10 else {
        throw .malformed("A boundary of the form is followed by something else.")
      }
      buffer.removeFirst(after + 2)
      place = .head
      parts += 1
      guard parts <= partLimit else {
        throw AppError(.tooLarge, detail: "A form has at most \(partLimit) parts.")
      }
      return true
    case .head:
      // A head without a single line is only its blank line.
      guard let end = Self.find([13, 10, 13, 10], in: buffer) else {
        guard buffer.count <= Self.headLimit else {
          throw AppError(.tooLarge, detail: "The head of a part is too long.")
        }
        return false
      }
      guard end <= Self.headLimit else {
        throw AppError(.tooLarge, detail: "The head of a part is too long.")
      }
      events.append(.part(try Self.head(Array(buffer[..<end]))))
      buffer.removeFirst(end + 4)
      place = .body
      return true
    case .epilogue:
      buffer = []
      return false
    }
  }

  private static func head(_ bytes: [UInt8]) throws(AppError) -> PartHead {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed("The head of a part is not UTF-8.")
    }
    var disposition: String?
    var mediaType: String?
    for line in text.split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0].lowercased() {
      case "content-disposition": disposition = String(parts[1].trimmingSpace())
      case "content-type": mediaType = String(parts[1].trimmingSpace().prefix(255))
      default: break
      }
    }
    guard let disposition, disposition.lowercased().hasPrefix("form-data"),
      let name = parameter("name", of: disposition)
    else { throw .malformed("A part of the form has no name.") }
    return PartHead(
      name: name, fileName: parameter("filename", of: disposition), mediaType: mediaType)
  }

  /// Where `pattern` first stands in `bytes`.
  private static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= pattern.count, let first = pattern.first else { return nil }
    return bytes.withUnsafeBufferPointer { buffer in
      var index = 0
      let last = buffer.count - pattern.count
      while index <= last {
        if buffer[index] == first,
          (1..<pattern.count).allSatisfy({ buffer[index + $0] == pattern[$0] })
        {
          return index
        }
        index += 1
      }
      return nil
    }
  }
}
