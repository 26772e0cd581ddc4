import QEMU
import Testing

/// What the comparison lets pass, and what it does not.
@Suite("A scenario's comparison") struct ComparisonTests {
  @Test("masks times and nothing else")
  func masking() {
    #expect(
      Scenario.masked("[   0.001] kernel 1.5  \n[1234.567] x [3]\n") == "[--------] kernel 1.5\n[--------] x [3]\n")
  }

  @Test(
    "names the first line that differs",
    arguments: [
      ("a\nb\n", "a\nb\n", nil),
      ("a\nc\n", "a\nb\n", "line 2\n  expected “b”\n  printed  “c”"),
      ("a\nb\nc\n", "a\nb\n", "line 3\n  expected “”\n  printed  “c”"),
      ("a\nb", "a\nb\nc", "line 3\n  expected “c”\n  printed  no more lines"),
    ] as [(String, String, String?)])
  func difference(printed: String, wanted: String, words: String?) {
    #expect(Scenario.difference(printed, wanted) == words)
  }

  @Test("holds lines to their order")
  func order() {
    #expect(Scenario.firstAbsent(of: ["a", "c"], in: "a\nb\nc\n") == nil)
    #expect(Scenario.firstAbsent(of: ["c", "a"], in: "a\nb\nc\n") == "a")
    #expect(Scenario.firstAbsent(of: ["a", "a"], in: "a\nb\n") == "a")
  }

  @Test("has a cell for each machine: two interrupt controllers, two levels, three cores, three sizes")
  func cells() {
    #expect(Set(Guest.matrix.map(\.description)).count == 36)
  }
}
