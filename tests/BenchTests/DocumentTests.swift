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

  @Test("the memory server's page has a line for each request, and none without its figures")
  func measures() throws {
    let names = Measures.requests.flatMap { [$0.kernel, $0.whole] }
    let rows = names.enumerated().map { Row(name: $1, k: 1000 + UInt64($0), unit: .kernel) }
    let lines = try Measures.table(rows).split(separator: "\n")
    #expect(lines.count == Measures.requests.count + 2)
    #expect(lines[2] == "| `allocate`, 1 page | 1,000 | 1,001 |")
    for name in names {
      let others = rows.filter { $0.name != name }
      #expect(throws: BenchError.noRow(name, others.map(\.name))) { try Measures.table(others) }
    }
  }
}
