import Testing

/// docs/memory-server.md against the interface's one file.
@Suite("docs/memory-server.md")
struct MemoryServerTests {
  let page: Page
  let interface: String

  init() throws {
    page = try Page("docs/memory-server.md")
    interface = try Repository.text("services/interfaces/MemoryInterface.swift").withoutComments
  }

  /// The lines of a section's table: number and name.
  private func listed(_ section: String) -> [String] {
    let lines = page.sections(/## (.*)/)[section] ?? []
    return lines.compactMap { $0.prefixMatch(of: /\| (\d+) \| `(\w+)/) }.map { "\($0.1) \($0.2)" }
  }

  @Test("every request has its line, under its number")
  func requests() {
    let encoded = interface.matches(of: /case \.(\w+)[^:]*:\s*message = Message\([^\n]*label: (\d+)\)/)
      .map { "\($0.2) \($0.1)" }
    let declared = interface.matches(of: /(?m)^    case (\w+)(?:\([^=\n]*\))?$/).map { String($0.1) }
    #expect(encoded.count > 15)
    #expect(encoded.count == declared.count)
    #expect(listed("Requests") == encoded)
  }

  @Test("every reason for a refusal has its line, under its number")
  func reasons() {
    let declared = interface.cases(ofEnum: "Reason").map { "\($0.number) \($0.name)" }
    #expect(declared.count > 10)
    #expect(listed("Reasons") == declared)
  }

  @Test("the version that the page describes is the interface's")
  func version() throws {
    let version = try #require(interface.firstMatch(of: /static var version: UInt64 \{ (\d+) \}/)).1
    #expect(page.lines.contains { $0.contains("Interface version \(version)") })
  }

  @Test("the lists have the room that the pages say")
  func capacities() throws {
    let lists = try Repository.text("services/memory/core/server/Session.swift")
    for (list, unit) in [("SessionList", "sessions"), ("HoldingList", "holdings")] {
      let text = lists[try #require(lists.firstRange(of: "struct \(list)")).upperBound...]
      let room = try #require(text.firstMatch(of: /static var capacity: Int \{ (\d+) \}/)).1
      #expect(page.lines.joined(separator: " ").contains("\(room) \(unit)"))
    }
  }
}
