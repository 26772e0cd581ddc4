import Foundation
import Testing

/// The excerpts in docs/add-a-driver.md against the files that they name.
@Suite("docs/add-a-driver.md")
struct ExcerptTests {
  @Test("every excerpt stands in its file, line by line; … leaves lines out")
  func excerpts() throws {
    let text = try Repository.text("docs/add-a-driver.md")
    let found = text.matches(of: /From\s`([^`]+)`:\n\n```\w+\n([^`]*)```/)
    #expect(found.count == text.matches(of: /```\w+\n/).count)
    for excerpt in found {
      let file = try Repository.text(String(excerpt.1))
      var rest = file[...]
      for part in excerpt.2.split(separator: "…\n") {
        let position = rest.range(of: part)
        #expect(position != nil, "not in \(excerpt.1):\n\(part)")
        if let position { rest = rest[position.upperBound...] }
      }
    }
  }
}
