// From what was typed to places that fetch can read: URLs as they are, files by absolute path, folders as the files in
// them.

import Corpus
import FoundationEssentials
import Glibc
import Spool

/// Reads the sources argument.
enum SourceList {
  /// Most files one folder may stand for.
  static let mostFiles = 10_000

  /// The locations, in the order given, each once.
  ///
  /// - Throws: `StageFault` (64) when nothing is left to ingest.
  static func locations(of arguments: [String]) throws -> [(
    location: Source.Location, name: String
  )] {
    var seen: Set<Source.Location> = []
    var locations: [(location: Source.Location, name: String)] = []
    func add(_ location: Source.Location, _ name: String) {
      if seen.insert(location).inserted { locations.append((location, name)) }
    }
    for argument in arguments {
      if argument.hasPrefix("http://") || argument.hasPrefix("https://") {
        add(.web(url: argument), argument)
        continue
      }
      let path = absolute(argument)
      if isFolder(path) {
        let before = locations.count
        for file in try files(below: path) {
          add(.file(path: file), String(file.dropFirst(path.utf8.count + 1)))
        }
        if locations.count == before {
          throw StageFault("\(argument): the folder holds no files", exitCode: 64)
        }
      } else {
        add(.file(path: path), path.split(separator: "/").last.map(String.init) ?? argument)
      }
    }
    guard !locations.isEmpty else {
      throw StageFault("nothing to ingest: name files, folders or URLs", exitCode: 64)
    }
    return locations
  }

  private static func absolute(_ path: String) -> String {
    let full =
      path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    // realpath gives the same source the same name, however it was typed; a missing file is fetch's to report.
    guard let resolved = realpath(full, nil) else { return full }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func files(below folder: String) throws -> [String] {
    var found: [String] = []
    var waiting = [folder]
    while let next = waiting.popLast() {
      for name in try DurableFile.names(in: next).sorted() where !name.hasPrefix(".") {
        let path = "\(next)/\(name)"
        var status = stat()
        // lstat: a link to a folder could go round for ever.
        guard lstat(path, &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: waiting.append(path)
        case S_IFREG: found.append(path)
        default: continue
        }
        if found.count > mostFiles {
          throw StageFault(
            "\(folder): more than \(mostFiles) files; name a smaller folder", exitCode: 64)
        }
      }
    }
    return found.sorted()
  }
}
