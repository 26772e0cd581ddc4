import Foundation

/// The sources and documents that the tests compare, read from the folder of the package.
enum Repository {
  /// The folder that holds Package.swift.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The text of a file.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Paths of all files below a folder that end in `suffix`, hidden folders left out.
  static func files(below folder: String, suffix: String) -> [String] {
    let start = root.appending(path: folder).resolvingSymlinksInPath()
    let all = FileManager.default.enumerator(
      at: start, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
    let paths = (all?.allObjects as? [URL] ?? []).map { $0.resolvingSymlinksInPath().path() }
    return paths.filter { $0.hasSuffix(suffix) }.map { folder + $0.dropFirst(start.path().count) }.sorted()
  }
}

/// A page of docs/: its sections by heading, its tables.
struct Page {
  /// The lines.
  let lines: [Substring]

  init(_ path: String) throws {
    lines = try Repository.text(path).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The lines under each heading that `pattern` matches, by the pattern's first capture.
  func sections(_ pattern: Regex<(Substring, Substring)>) -> [String: [Substring]] {
    var sections: [String: [Substring]] = [:]
    var current: String?
    for line in lines {
      if let match = line.wholeMatch(of: pattern) {
        current = String(match.1)
        sections[String(match.1)] = []
      } else if line.hasPrefix("#") {
        current = nil
      } else if let current {
        sections[current]?.append(line)
      }
    }
    return sections
  }
}

extension [Substring] {
  /// The words in backquotes in the first column of the tables among these lines.
  var firstColumn: [String] {
    filter { $0.hasPrefix("| `") }
      .flatMap { $0.split(separator: "|")[0].matches(of: /`(\w+)`/).map { String($0.1) } }
  }
}
