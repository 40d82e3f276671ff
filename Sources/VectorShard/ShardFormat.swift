// Every number of FORMAT.md, once. A test holds FORMAT.md's tables against these constants.
//
// Holds numbers only: SegmentWriter and SegmentReader give them meaning.

/// The constants of the segment file.
package enum ShardFormat {
  /// 0x89 so that no text decoder takes it for text, the name, and a line feed that a text-mode copy would change.
  package static let magic: [UInt8] = [0x89, 0x42, 0x4F, 0x42, 0x53, 0x45, 0x47, 0x0A]
  /// Readers refuse another major version.
  package static let majorVersion = 1
  /// A higher minor version only adds sections that a reader may pass over.
  package static let minorVersion = 1

  /// Offsets in the header, in bytes from the start of the file.
  package enum Header {
    package static let magic = 0
    package static let majorVersion = 8
    package static let minorVersion = 10
    package static let sectionCount = 12
    package static let fileLength = 16
    package static let dimension = 24
    package static let rowStride = 28
    package static let rowCount = 32
    package static let documentCount = 36
    package static let groupCount = 40
    package static let termCount = 44
    package static let wordCount = 48
    package static let stemmers = 56
    package static let checksum = 60
    package static let byteCount = 64
  }

  /// Offsets in one entry of the section table, which follows the header at once.
  package enum SectionEntry {
    package static let number = 0
    package static let checksum = 4
    package static let offset = 8
    package static let length = 16
    package static let byteCount = 24
  }

  /// Offsets in one entry of section `documents`.
  package enum DocumentEntry {
    package static let nameOffset = 0
    package static let nameLength = 4
    package static let group = 8
    package static let firstRow = 12
    package static let rowCount = 16
    package static let byteCount = 20
  }

  /// Offsets in one entry of section `groups`.
  package enum GroupEntry {
    package static let nameOffset = 0
    package static let nameLength = 4
    package static let byteCount = 8
  }

  /// Offsets in one entry of section `payloadBlocks`.
  package enum PayloadBlockEntry {
    package static let rawStart = 0
    package static let packedStart = 8
    package static let byteCount = 16
  }

  /// Offsets in one entry of section `termBlocks`.
  package enum TermBlockEntry {
    package static let termsStart = 0
    package static let postingsStart = 8
    package static let byteCount = 16
  }

  /// The sections of version 1; all stand in every file of the minor version that brought them, in this order, even when empty.
  ///
  /// Numbers kept free for later versions: 16 codes, 17 codeFactors, 18 rowsWide, 20 lists, 21 listMeans,
  /// 24 payloadDictionary, 28 postingBlocks, 32 fingerprints.
  package enum Section: UInt32, CaseIterable, Sendable {
    case identity = 1
    case rows = 2
    case scales = 3
    case rowLengths = 4
    case documents = 5
    case documentOrder = 6
    case groups = 7
    case names = 8
    case payloadItems = 9
    case payloadBlocks = 10
    case payload = 11
    case termBlocks = 12
    case terms = 13
    case postings = 14
    /// Since 1.1.
    case documentStemmers = 15
  }

  /// Sections begin at multiples of this, and a row's stride is one.
  package static let alignment = 64
  /// Most entries of a section table.
  package static let maximumSectionCount = 64
  /// Largest number of dimensions, so that no kernel's sum can overflow.
  package static let maximumDimension = 4096
  /// Most rows and most documents of one segment.
  package static let maximumRowCount = 1 << 30
  /// Longest identity, document id or group, in bytes.
  package static let maximumNameLength = 1024
  /// Longest payload of one row or document, in bytes.
  package static let maximumPayloadLength = 16 << 20
  /// A payload block is closed once it holds this many bytes.
  package static let payloadBlockLength = 16 << 10
  /// Terms in one front-coded block of the dictionary.
  package static let termsPerBlock = 16
  /// Longest term, in bytes.
  package static let maximumTermLength = 64
}
