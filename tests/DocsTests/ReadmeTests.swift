import Foundation
import Testing

/// README.md against what the machine prints.
@Suite("README.md")
struct ReadmeTests {
  /// The lines of a text, with the times that they begin with left out.
  private func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n").map { $0.replacing(/^ {4}|\[ *[0-9.]+\]/, with: "")[...] }
  }

  static let expected = "tests/SystemTests/Expected/boot.txt"

  @Test(
    "the boot log that it shows is the one that the boot test expects",
    .enabled(if: FileManager.default.fileExists(atPath: Repository.root.appending(path: expected).path())))
  func log() throws {
    let expected = lines(try Repository.text(Self.expected))
    let shown = lines(try Repository.text("README.md"))
    let start = try #require(shown.firstIndex(of: expected[0]))
    #expect(shown[start...].prefix(expected.count).elementsEqual(expected))
  }
}
