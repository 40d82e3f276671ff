// Where this checkout, its fixtures, its built executables and the model are.

package import Foundation

/// This checkout.
package enum Checkout {
  /// The folder that holds Package.swift.
  package static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path != "/",
      !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path)
    {
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  /// `fixtures`.
  package static let fixtures = root.appendingPathComponent("fixtures")

  /// The data directory that `make model` filled.
  package static let modelData =
    ProcessInfo.processInfo.environment["BOBBIN_DATA"].map {
      URL(fileURLWithPath: $0, relativeTo: root)
    }
    ?? root.appendingPathComponent("var")

  /// The folder of the executables that belong to the running tests.
  package static let executables: URL = {
    // The test bundle is an executable beside them, started by swift test.
    var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
    while folder.path != "/" {
      if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("bobbin").path)
      {
        return folder
      }
      folder.deleteLastPathComponent()
    }
    return root.appendingPathComponent(".build/debug")
  }()
}
