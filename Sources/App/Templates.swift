// The pages' templates, parsed once at start; mustache escapes every value by default.

import Mustache

/// Parsed templates, each under the name of its file.
struct Templates: Sendable {
  private let library: MustacheLibrary

  /// - Throws: the parser's error for a template that is wrong, which the tests rule out.
  init(_ place: PageFiles.Place) throws {
    var library = MustacheLibrary()
    for (name, bytes) in try PageFiles.read(["mustache"], place) {
      try library.register(
        String(decoding: bytes, as: UTF8.self), named: String(name.dropLast(".mustache".count)))
    }
    self.library = library
  }

  /// A page's text; nil when there is no such template.
  func render(_ name: String, _ values: [String: Any]) -> String? {
    library.render(values, withTemplate: name)
  }
}

/// Templates and assets, of one time.
struct PageSet: Sendable {
  let templates: Templates
  let assets: Assets

  /// - Throws: what reading and parsing throw.
  init(_ place: PageFiles.Place) throws {
    templates = try Templates(place)
    assets = try Assets(place)
  }

  /// What gives them: made once, or read anew each time from a folder that somebody works on.
  ///
  /// - Throws: what reading and parsing throw.
  static func provider(_ place: PageFiles.Place) throws -> @Sendable () throws -> PageSet {
    if case .folder = place { return { try PageSet(place) } }
    let set = try embedded.get()
    return { set }
  }

  /// Of the binary, made once in a process however many servers it holds: a hundred of the tests' make one each.
  private static let embedded = Result { try PageSet(.binary) }
}
