import Foundation

/// A page of documentation with parts that the bench writes, each between two comments that name it.
struct Document {
  private(set) var text: String

  /// Puts new lines between the comments of a part.
  mutating func replace(_ part: String, with lines: String) throws(BenchError) {
    let (begin, end) = ("<!-- printed by make bench: \(part) -->\n", "<!-- end of \(part) -->")
    guard let first = text.range(of: begin), let last = text.range(of: end, range: first.upperBound..<text.endIndex)
    else { throw .noPart(part) }
    text.replaceSubrange(first.upperBound..<last.lowerBound, with: lines + "\n")
  }

  /// Changes the part of a file; a file that would stay the same is not written.
  static func update(_ path: String, _ parts: [(name: String, lines: String)]) throws {
    let url = URL(fileURLWithPath: path)
    let old = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    var document = Document(text: old)
    for part in parts { try document.replace(part.name, with: part.lines) }
    if document.text != old { try Data(document.text.utf8).write(to: url, options: .atomic) }
  }
}
