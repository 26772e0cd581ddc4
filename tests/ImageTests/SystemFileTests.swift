import Image
import Testing

@Suite struct SystemFileTests {
  private static let memory = #"{"name": "memory", "priority": 60, "quota": 8}"#
  private static let initial = #"{"name": "init", "priority": 40, "quota": 600}"#

  /// A system file with a third task.
  private static func system(_ third: String) -> String { "{\"tasks\": [\(memory), \(initial), \(third)]}" }

  /// A system file whose third task has this beside what it must have.
  private static func third(_ more: String) -> String {
    system(#"{"name": "third", "priority": 1, "quota": 8, \#(more)}"#)
  }

  private static let mistakes: [(String, field: String, problem: String)] = [
    (#"{"tasks": []}"#, "tasks", "0 tasks, expected 2 to 32"),
    ("{\"tasks\": [\(initial), \(memory)]}", "tasks[0].name", "“init”, expected “memory”"),
    (#"{"task": []}"#, "task", "no such field; known are tasks"),
    (#"{}"#, "tasks", "missing"),
    (system(#"{"name": "x", "priority": 3}"#), "tasks[2].quota", "missing"),
    (system(#"{"name": "init", "priority": 3, "quota": 1}"#), "tasks[2].name", "“init”, also the name of tasks[1]"),
    (
      system(#"{"name": "ninechars", "priority": 3, "quota": 1}"#), "tasks[2].name",
      "“ninechars”, expected 1 to 8 printable ASCII letters"
    ),
    (
      system(#"{"name": "ä", "priority": 3, "quota": 1}"#), "tasks[2].name",
      "“ä”, expected 1 to 8 printable ASCII letters"
    ),
    (system(#"{"name": "x", "priority": 64, "quota": 1}"#), "tasks[2].priority", "64, expected 0 to 63"),
    (system(#"{"name": "x", "priority": -1, "quota": 1}"#), "tasks[2].priority", "-1, expected 0 to 63"),
    (system(#"{"name": "x", "priority": 1, "quota": 0}"#), "tasks[2].quota", "0 frames, expected 1 to 4294967295"),
    (
      system(#"{"name": "x", "priority": 1, "quota": 500}, {"name": "y", "priority": 1, "quota": 95}"#),
      "tasks[1].quota",
      "600 frames, expected at least 601: 6 for “init” itself, 595 for the tasks that it starts"
    ),
    (
      system(#"{"name": "x", "priority": 1, "quota": 5}"#), "tasks[2].quota",
      "5 frames, expected at least 6 for “x” itself"
    ),
    (
      system(#"{"name": "x", "priority": 1, "quota": 20, "stackPages": 200, "handleFrames": 3}"#), "tasks[2].quota",
      "20 frames, expected at least 21 for “x” itself"
    ),
    (third(#""stackPages": 257"#), "tasks[2].stackPages", "257 pages, expected 1 to 256"),
    (third(#""handleFrames": 9"#), "tasks[2].handleFrames", "9 frames, expected 0 to 8"),
    (third(#""restart": {"limit": 256}"#), "tasks[2].restart.limit", "256 restarts, expected 0 to 255"),
    (third(#""restart": {"backOff": -5}"#), "tasks[2].restart.backOff", "-5 ms, expected 0 to 4294967295"),
    (third(#""restart": {"retries": 5}"#), "tasks[2].restart.retries", "no such field; known are limit, backOff"),
    (third(#""peers": ["nobody"]"#), "tasks[2].peers[0]", "“nobody”, expected one of memory, init, third"),
    (third(#""peers": ["init", "third"]"#), "tasks[2].peers[1]", "“third”, expected another task, once"),
    (third(#""peers": ["init", "init"]"#), "tasks[2].peers[1]", "“init”, expected another task, once"),
    (
      third(#""devices": [{"name": "d", "compatible": []}]"#), "tasks[2].devices[0].compatible",
      "0 bytes with terminators, expected 2 to 64"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": [""]}]"#), "tasks[2].devices[0].compatible[0]",
      "“”, expected printable ASCII"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": ["\#(String(repeating: "x", count: 64))"]}]"#),
      "tasks[2].devices[0].compatible", "65 bytes with terminators, expected 2 to 64"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": ["x"]}, {"name": "d", "compatible": ["y"]}]"#),
      "tasks[2].devices[1].name", "“d”, also the name of devices[0]"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": ["x"], "unit": "@a003e00"}]"#), "tasks[2].devices[0].unit",
      "“@a003e00”, expected first, all or a unit address of 1 to 12 hexadecimal digits"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": ["x"], "unit": "1234567890abc"}]"#),
      "tasks[2].devices[0].unit",
      "“1234567890abc”, expected first, all or a unit address of 1 to 12 hexadecimal digits"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": ["x"], "unit": ""}]"#), "tasks[2].devices[0].unit",
      "“”, expected first, all or a unit address of 1 to 12 hexadecimal digits"
    ),
    (
      third(#""devices": [{"name": "d", "compatible": ["x"], "node": "first"}]"#), "tasks[2].devices[0].node",
      "no such field; known are name, compatible, unit"
    ),
  ]

  @Test("a mistake is told by field, with both values", arguments: mistakes.indices)
  func mistake(index: Int) throws {
    let (text, field, problem) = Self.mistakes[index]
    let error = #expect(throws: SystemFileError.self) { try SystemFile(json: Array(text.utf8)) }
    #expect(error?.field == field)
    #expect(error?.problem == problem)
  }

  @Test(
    "a value of the wrong type or no JSON at all names its place",
    arguments: [
      (third(#""stackPages": "four""#), "tasks[2].stackPages"), (third(#""needs": ["powre"]"#), "tasks[2].needs[0]"),
      ("{", "system file"), ("", "system file"), ("[]", "system file"),
    ])
  func malformed(text: String, field: String) throws {
    let error = #expect(throws: SystemFileError.self) { try SystemFile(json: Array(text.utf8)) }
    #expect(error?.field == field)
  }

  @Test("what is left out takes its default")
  func defaults() throws {
    let system = try SystemFile(json: Array(Self.system(#"{"name": "x", "priority": 1, "quota": 6}"#).utf8))
    #expect(system.tasks[2].stackPages == 4)
    #expect(system.tasks[2].restart.limit == 0)
    #expect(system.tasks[2].peers.isEmpty)
  }

  @Test("the project's own system file stands")
  func own() async throws {
    let system = try SystemFile(json: try await systemText.value)
    #expect(system.tasks.map(\.name) == ["memory", "init", "irq", "console", "clock", "shell", "faulter"])
    #expect(system.tasks[2].image == "interrupts")
    #expect(system.tasks.map(\.priority) == [60, 40, 56, 50, 48, 20, 18])
  }
}
