// The pages' files: what the binary holds is what the folder holds.

import Foundation
import TestSupport
import Testing

@testable import App

struct PageFilesTests {
  private static let folder = Checkout.root.appendingPathComponent("Sources/App/Resources").path
  private static let kinds: Set<String> = ["mustache", "css", "js", "svg"]

  @Test func `the binary holds every file of the folder`() throws {
    let inFolder = try PageFiles.read(Self.kinds, .folder(Self.folder))
    let inBinary = try PageFiles.read(Self.kinds, .binary)
    #expect(inFolder.map(\.name) == inBinary.map(\.name))
    for (file, embedded) in zip(inFolder, inBinary) {
      #expect(file.bytes == embedded.bytes, "\(file.name)")
    }
  }

  @Test func `every page has its template`() throws {
    let templates = try Templates(.binary)
    for page in WebPage.all {
      #expect(templates.render(page.template, ["title": page.title]) != nil, "\(page.path)")
    }
  }
}
