import Testing

/// What docs/architecture.md says of the sources, where looking at them suffices.
@Suite("docs/architecture.md")
struct ArchitectureTests {
  private func code(below folder: String) throws -> String {
    try Repository.files(below: folder, suffix: ".swift").map { try Repository.text($0).withoutComments }.joined()
  }

  @Test("the memory server makes no call, it only answers")
  func answersOnly() throws {
    let server = try code(below: "services/memory")
    #expect(server.contains("struct MemoryServer"))
    #expect(!server.contains("Client<") && !server.contains("perform(.call") && !server.contains("invoke(.call"))
  }

  @Test("the kernel's core holds no pointer: memory is what the machine's direct map shows")
  func noPointers() throws {
    let core = try code(below: "kernel/core")
    #expect(core.contains("machine.memory("))
    #expect(!core.contains("Unsafe") && !core.contains("unsafe"))
  }

  @Test("every invariant has its line")
  func invariants() throws {
    let lines = try Page("docs/architecture.md").lines.compactMap { $0.prefixMatch(of: /\| (\d+)\s/) }
    #expect(lines.compactMap { Int($0.1) } == Array(1...14))
  }
}
