import Testing

/// docs/syscalls.md against kernel/abi and kernel/core.
@Suite("docs/syscalls.md")
struct SyscallsTests {
  let page: Page
  let operations: [(name: String, number: String)]
  let statuses: [(name: String, number: String)]
  let core: SwiftSource
  let dispatch: String

  init() throws {
    page = try Page("docs/syscalls.md")
    operations = try Repository.text("kernel/abi/Operation.swift").cases(ofEnum: "Operation")
    statuses = try Repository.text("kernel/abi/Status.swift").cases(ofEnum: "Status")
    core = try SwiftSource(Repository.files(below: "kernel/core", suffix: ".swift"))
    dispatch = try Repository.text("kernel/core/Dispatch.swift").withoutComments
  }

  @Test("every kernel call has its section, under its number")
  func calls() {
    let headings = page.lines.compactMap { $0.wholeMatch(of: /### (\d+) `(\w+)`/) }.map { "\($0.1) \($0.2)" }
    #expect(operations.count > 20)
    #expect(headings == operations.map { "\($0.number) \($0.name)" })
  }

  @Test("every status has its line, under its number")
  func statusLines() {
    let listed = page.lines.compactMap { $0.prefixMatch(of: /\| (\d+) \| `(\w+)` \|/) }.map { "\($0.1) \($0.2)" }
    #expect(statuses.count > 20)
    #expect(listed == statuses.map { "\($0.number) \($0.name)" })
  }

  @Test("the refusals listed for a call are those that the kernel's core can throw for it")
  func refusals() throws {
    let sections = page.sections(/### \d+ `(\w+)`/)
    for operation in operations {
      let arm = try #require(
        dispatch.firstMatch(
          of: try Regex("case Operation\\.\(operation.name)\\.rawValue: (.*)", as: (Substring, Substring).self)))
      let thrown = core.refusals(of: arm.1, in: "kernel/core/Dispatch.swift")
      let listed = Set((sections[operation.name] ?? []).firstColumn)
      #expect(
        listed == thrown,
        "\(operation.name): missing \(thrown.subtracting(listed)), not thrown \(listed.subtracting(thrown))")
    }
  }

  @Test("the rights listed for a call are those that the kernel's core asks for it")
  func rights() throws {
    let sections = page.sections(/### \d+ `(\w+)`/)
    for operation in operations {
      let arm = try #require(
        dispatch.firstMatch(
          of: try Regex("case Operation\\.\(operation.name)\\.rawValue: (.*)", as: (Substring, Substring).self)))
      let asked = core.rights(of: arm.1, in: "kernel/core/Dispatch.swift")
      let lines = sections[operation.name]?.drop { !$0.hasPrefix("Rights:") }.prefix { !$0.isEmpty } ?? []
      let listed = Set(lines.flatMap { $0.matches(of: /`(\w+)`/).map { String($0.1) } })
      #expect(listed == asked, "\(operation.name)")
    }
  }

  @Test("a status that no call can give is said to be unused")
  func unused() throws {
    var given: Set<String> = ["invalidOperation"]
    for path in Repository.files(below: "kernel/core", suffix: ".swift") {
      given.formUnion(try Repository.text(path).matches(of: /Refusal\(\s*\.(\w+)/).map { String($0.1) })
    }
    let unused = Set(statuses.map(\.name)).subtracting(given)
    let said = page.lines.filter { $0.hasSuffix("| not given by this version |") }
      .flatMap { $0.matches(of: /`(\w+)`/).map { String($0.1) } }
    #expect(Set(said) == unused)
  }
}
