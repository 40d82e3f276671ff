// A piece of a document with its place: the record of spool/embed and, with its vector, of spool/index; also the payload
// of a shard's row.

/// Where in its document a chunk stands, for people and for links.
///
/// Numbers of one that is decoded are those of some document, as for `Chunk`.
package struct Place: Codable, Hashable, Sendable {
  /// First page, from 1.
  package let page: Int?
  /// Last page when the chunk runs over a page border.
  package let lastPage: Int?
  /// Seconds into a recording.
  package let second: Int?
  /// Headings that govern the chunk's start, outermost first.
  package let headingPath: [String]

  package init(
    page: Int? = nil, lastPage: Int? = nil, second: Int? = nil, headingPath: [String] = []
  ) {
    self.page = page
    self.lastPage = lastPage
    self.second = second
    self.headingPath = headingPath
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Int? {
      let number = try container.decodeIfPresent(Int.self, forKey: key)
      guard number.map({ (0...Self.most).contains($0) }) ?? true else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "no document is that long")
      }
      return number
    }
    page = try number(.page)
    lastPage = try number(.lastPage)
    second = try number(.second)
    headingPath = try container.decode([String].self, forKey: .headingPath)
  }

  /// More pages, and more seconds, than any document has.
  private static let most = 1 << 40
}

/// A place that begins inside a chunk.
package struct PlaceChange: Codable, Hashable, Sendable {
  /// Unicode scalars from the chunk's start.
  package let offset: Int
  package let place: Place

  package init(offset: Int, place: Place) {
    self.offset = offset
    self.place = place
  }
}

/// One piece of one document.
///
/// Numbers of one that is decoded are those of some text: a payload comes from a file, which an archive may have brought, and what
/// is reckoned with them must not overflow.
package struct Chunk: Codable, Hashable, Sendable {
  /// More than any document has, of scalars, chunks or tokens.
  private static let most = 1 << 40

  package let id: ChunkID
  package let description: DocumentDescription
  /// 0-based position among the document's chunks.
  package let ordinal: Int
  /// How many chunks the document has.
  package let count: Int
  /// Unicode scalars from the start of the document's text; `offset + text.unicodeScalars.count` is its end.
  package let offset: Int
  /// The place of the chunk as a whole: of the first text it does not share with the chunk before.
  package let place: Place
  /// Where page, heading or second change inside the chunk, by offset; the first stands at 0.
  package let changes: [PlaceChange]
  /// Tokens by the embedder's tokenizer, with its special tokens.
  package let tokens: Int
  package let text: String

  package init(
    id: ChunkID, description: DocumentDescription, ordinal: Int, count: Int, offset: Int,
    place: Place,
    changes: [PlaceChange] = [], tokens: Int, text: String
  ) {
    self.id = id
    self.description = description
    self.ordinal = ordinal
    self.count = count
    self.offset = offset
    self.place = place
    self.changes = changes
    self.tokens = tokens
    self.text = text
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Int {
      let number = try container.decode(Int.self, forKey: key)
      guard (0...Self.most).contains(number) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "no text has that many")
      }
      return number
    }
    id = try container.decode(ChunkID.self, forKey: .id)
    description = try container.decode(DocumentDescription.self, forKey: .description)
    ordinal = try number(.ordinal)
    count = try number(.count)
    offset = try number(.offset)
    place = try container.decode(Place.self, forKey: .place)
    changes = try container.decode([PlaceChange].self, forKey: .changes)
    guard changes.allSatisfy({ (0...Self.most).contains($0.offset) }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .changes, in: container, debugDescription: "a place changes where no text is")
    }
    tokens = try number(.tokens)
    text = try container.decode(String.self, forKey: .text)
  }
}

extension Chunk {
  /// What word search finds it by: its headings and its text.
  package var searchedText: String { (place.headingPath + [text]).joined(separator: "\n") }
}

extension [PlaceChange] {
  /// The place of the text at `offset` scalars from the chunk's start; nil when nothing is known of it.
  package func place(at offset: Int) -> Place? {
    last { $0.offset <= offset }?.place
  }
}

/// A chunk and the row of the vector blob that belongs to it.
package struct EmbeddedChunk: Codable, Hashable, Sendable {
  package let chunk: Chunk
  /// Identity of the embedding model that made the vector; two identities are never mixed in a shard.
  package let model: String
  /// Unit vectors, `shape` rows × dimension.
  package let vectors: BlobReference
  /// This chunk's row in `vectors`.
  package let row: Int

  package init(chunk: Chunk, model: String, vectors: BlobReference, row: Int) {
    self.chunk = chunk
    self.model = model
    self.vectors = vectors
    self.row = row
  }
}
