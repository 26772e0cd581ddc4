import Testing

@testable import apus_bench

@Suite("Documentation that the bench writes")
struct DocumentTests {
  private static let page = """
    # Title
    <!-- printed by make bench: figures -->
    old
    <!-- end of figures -->
    <!-- printed by make bench: series -->
    <!-- end of series -->
    end
    """

  @Test("a part is replaced between its comments, and nothing else is touched")
  func replaces() throws {
    var document = Document(text: Self.page)
    try document.replace("figures", with: "| new |")
    #expect(document.text == Self.page.replacing("old", with: "| new |"))
    try document.replace("series", with: "1\n2")
    #expect(document.text.contains("series -->\n1\n2\n<!-- end of series"))
  }

  @Test("a part that the page does not have is refused")
  func refuses() {
    var document = Document(text: Self.page)
    #expect(throws: BenchError.noPart("charts")) { try document.replace("charts", with: "") }
  }
}
