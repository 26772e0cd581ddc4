import QEMU
import Testing

@Suite("A child process") struct ChildTests {
  @Test("answers, and its input reaches it byte for byte")
  func echo() async throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    let outcome = try await Child("cat").run(input: bytes)
    #expect(outcome.output == bytes)
    #expect(outcome.status == 0)
  }

  @Test("that never ends is killed at its limit, with everything it started")
  func limit() async throws {
    let outcome = try await Child("sh", ["-c", "echo begun; sleep 600 & sleep 600"]).run(limit: .milliseconds(300))
    #expect(outcome.timedOut)
    #expect(outcome.text == "begun\n")
  }

  @Test("is spoken to step by step, and a wait that fails is named")
  func conversation() async throws {
    let echo = Child("sh", ["-c", "printf 'name? '; read name; echo hello $name; exit 3"])
    let good = try await echo.converse([.expect("name? "), .send("apus\n"), .expect("hello apus")])
    #expect(good.unmet == nil && good.status == 3 && !good.timedOut, "\(good.summary)")
    let bad = try await echo.converse([.expect("name? "), .send("apus\n"), .expect("goodbye")])
    #expect(bad.unmet == "goodbye")
  }

  @Test("is stopped when nothing more is wanted from it")
  func stop() async throws {
    let outcome = try await Child("sh", ["-c", "echo up; sleep 600"]).converse([.expect("up"), .stop])
    #expect(!outcome.timedOut && outcome.status == 137)
  }

  @Test("that ends before reading its input costs no more than the input")
  func brokenPipe() async throws {
    let outcome = try await Child("true").run(input: Array(repeating: 65, count: 1 << 20))
    #expect(outcome.status == 0)
  }

  @Test("that does not exist is an error")
  func missing() async {
    await #expect(throws: (any Error).self) { try await Child("apus-no-such-program").run() }
  }
}
