import Testing

/// docs/boot.md against the codes of the entry and the device tree's reader.
@Suite("docs/boot.md")
struct BootPageTests {
  @Test("every code that boot may refuse with has its line, under its number")
  func codes() throws {
    let reasons = try Repository.text("hal/devicetree/DeviceTreeError.swift").withoutComments
      .matches(of: /(?m)^    case (\w+)(?: = 1)?$/).enumerated().map { "\($0.offset + 1) \($0.element.1)" }
    let headers = Repository.files(below: "kernel/entry/include", suffix: ".h")
    let defined = try headers.flatMap { header in
      try Repository.text(header).matches(of: /#define (REFUSED_\w+) (\d+)/).map { "\($0.2) \($0.1)" }
    }
    let listed = try Page("docs/boot.md").lines.compactMap { $0.prefixMatch(of: /\| (\d+) \| `(\w+)` \|/) }
      .map { "\($0.1) \($0.2)" }
    #expect(reasons.count > 20 && defined.count > 8)
    let numbered = (reasons + defined).sorted { Int($0.prefix { $0 != " " })! < Int($1.prefix { $0 != " " })! }
    #expect(listed == numbered)
  }
}
