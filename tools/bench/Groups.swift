import Foundation

/// What an executed instruction is for, by a table of functions. An instruction belongs to the innermost function of
/// those it was inlined into that the table knows; one that the table does not know is `other`, and is listed.
struct Groups {
  /// Who belongs to a group.
  struct Rule: Hashable {
    var group: String
    /// The function's bare name, or with a star at its end how it begins.
    var function: String
    /// What the source line must hold as well; nil: any line of the function.
    var text: String?

    init(_ group: String, _ function: String, _ text: String? = nil) {
      (self.group, self.function, self.text) = (group, function, text)
    }
  }

  static let other = "other"

  let rules: [Rule]
  /// The lines of the sources by the file's name.
  let sources: [String: [String]]

  /// The groups in the order of the table, and what is left over.
  var names: [String] {
    var seen: Set<String> = []
    return (rules.map(\.group) + [Self.other]).filter { seen.insert($0).inserted }
  }

  /// The rule that an instruction falls under; nil: none.
  func rule(_ frames: [Frame]) -> Rule? {
    for frame in frames {
      let name = Self.bare(frame.function)
      let line = text(frame)
      for rule in rules where Self.matches(name, rule.function) {
        guard let wanted = rule.text else { return rule }
        if line.contains(wanted) { return rule }
      }
    }
    return nil
  }

  func name(_ frames: [Frame]) -> String { rule(frames)?.group ?? Self.other }

  private func text(_ frame: Frame) -> String {
    guard let lines = sources[frame.file], lines.indices.contains(frame.line - 1) else { return "" }
    return lines[frame.line - 1]
  }

  private static func matches(_ name: String, _ pattern: String) -> Bool {
    pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
  }

  /// `Kernel.quickHandle` of `Kernel<>.quickHandle(_:_:_:right:)`.
  static func bare(_ name: String) -> String {
    var name = name
    if let within = name.range(of: " in ", options: .backwards), name.hasPrefix("$defer") || name.hasPrefix("closure") {
      name = String(name[within.upperBound...])
    }
    for prefix in ["static ", "protocol witness for "] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    return String(name.prefix { $0 != "(" }).replacing(/<[^>]*>/, with: "")
  }

  /// The sources below some folders. A name that two files have is no name.
  static func sources(_ folders: [String]) -> [String: [String]] {
    var found: [String: [String]] = [:]
    var twice: Set<String> = []
    for folder in folders {
      for case let path as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        guard path.hasSuffix(".swift") || path.hasSuffix(".S") else { continue }
        guard let text = try? String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8) else { continue }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if found.updateValue(text.components(separatedBy: "\n"), forKey: name) != nil { twice.insert(name) }
      }
    }
    return found.filter { !twice.contains($0.key) }
  }
}
