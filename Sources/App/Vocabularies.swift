// The words that are no secret: Debian's word lists where they are installed, and the words of the embedding model's vocabulary.
// Read once, when the first blended answer is made.

import AnswerGuard
import FoundationEssentials

/// Loads the vocabulary of the output gate and keeps it.
actor Vocabularies {
  /// Packages wamerican, wbritish, wngerman, wfrench, wspanish and their like put them here.
  static let folder = "/usr/share/dict"
  /// Bytes of a list.
  private static let longest = 64 << 20

  private let modelDirectory: String
  private var loading: Task<CommonVocabulary, Never>?

  init(modelDirectory: String) { self.modelDirectory = modelDirectory }

  func vocabulary() async -> CommonVocabulary {
    if let loading { return await loading.value }
    let directory = modelDirectory
    let task = Task {
      // A list that cannot be read is one that is not there: the gate is stricter without it.
      (try? await BlockingWork.run { Self.load(modelDirectory: directory) })
        ?? CommonVocabulary(words: [])
    }
    loading = task
    return await task.value
  }

  /// The files that are read, as far as they are there.
  static func lists(modelDirectory: String) -> [String] {
    let found = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      // `words` is a link to one of the others.
      .filter { $0 != "words" && !$0.hasSuffix(".md") && !$0.hasPrefix("README") }
      .map { "\(folder)/\($0)" }
    return found + ["\(modelDirectory)/vocab.txt"]
  }

  private static func load(modelDirectory: String) -> CommonVocabulary {
    lists(modelDirectory: modelDirectory).reduce(CommonVocabulary(words: [])) { all, path in
      guard let data = FileManager.default.contents(atPath: path), data.count <= longest else {
        return all
      }
      return all.union(CommonVocabulary.parse(String(decoding: data, as: UTF8.self)))
    }
  }
}
