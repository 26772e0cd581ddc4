import Testing

/// docs/testing.md against the tests.
@Suite("docs/testing.md")
struct TestNamesTests {
  @Test("every test that the page names exists under that name")
  func named() throws {
    var names: Set<String> = []
    for path in Repository.files(below: "tests", suffix: "Tests.swift") {
      let text = try Repository.text(path)
      names.formUnion(text.matches(of: /@(?:Test|Suite)\(\s*"([^"]+)"/).map { String($0.1) })
      names.formUnion(text.matches(of: /func `([^`]+)`/).map { String($0.1) })
    }
    let mentioned = try Page("docs/testing.md").lines.filter { $0.hasPrefix("|") }.flatMap {
      $0.matches(of: /"([^"]+)"/).map { String($0.1) }
    }
    #expect(!mentioned.isEmpty)
    for name in mentioned { #expect(names.contains(name), "no test is named \(name)") }
  }

  @Test("every invariant has a line")
  func invariants() throws {
    let lines = try Page("docs/testing.md").lines.compactMap { $0.prefixMatch(of: /\| (\d+) \|/).flatMap { Int($0.1) } }
    #expect(Set(lines) == Set(1...14))
  }
}
