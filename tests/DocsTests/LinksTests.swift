import Foundation
import Testing

/// What the documents point at.
@Suite("Links between documents")
struct LinksTests {
  static let pages =
    Repository.files(below: "docs", suffix: ".md")
    + ["README.md", "CHANGELOG.md"].filter { exists($0) }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: Repository.root.appending(path: path).path())
  }

  @Test("every relative link names a file that is there, and a heading that it has", arguments: pages)
  func links(_ page: String) throws {
    let folder = page.contains("/") ? String(page[..<page.lastIndex(of: "/")!]) + "/" : ""
    for match in try Repository.text(page).matches(of: /\]\(([^)#]*)(?:#([^)]*))?\)/) {
      if match.1.contains(":") { continue }
      let path = match.1.isEmpty ? page : folder + match.1
      #expect(Self.exists(path), "\(page) links to \(match.1)")
      guard let anchor = match.2, path.hasSuffix(".md"), Self.exists(path) else { continue }
      #expect(try Page(path).anchors.contains(String(anchor)), "\(page) links to \(match.1)#\(anchor)")
    }
  }

  @Test("every source that a page names in backquotes is there", arguments: pages)
  func sources(_ page: String) throws {
    for match in try Repository.text(page).matches(of: /`((?:kernel|hal|services|tools|tests|docs)\/[\w.+\/-]*)`/) {
      #expect(Self.exists(String(match.1)), "\(page) names \(match.1)")
    }
  }
}

extension Page {
  /// The anchors of the headings, as a forge derives them.
  var anchors: [String] {
    lines.filter { $0.hasPrefix("#") }.map { line in
      line.drop { $0 == "#" || $0 == " " }.lowercased()
        .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
        .replacing(" ", with: "-")
    }
  }
}
