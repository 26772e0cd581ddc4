import Foundation
import QEMU
import Testing

/// The Makefile, as a user meets it.
@Suite("The front door") struct FrontDoorTests {
  /// make's outcome; whatever the test run itself was started with is taken out of the environment.
  func make(_ arguments: String...) async throws -> Outcome {
    let clean: [String: String?] = ["MAKEFLAGS": nil, "MAKELEVEL": nil, "MEMORY": nil, "GIC": nil, "CPU": nil]
    return try await Child("make", arguments, environment: clean).run()
  }

  @Test("a bare make lists exactly the targets that exist")
  func help() async throws {
    let help = try await make()
    #expect(help.status == 0)
    let listed = help.lines.filter { $0.hasPrefix("  make ") }.map { $0.split(separator: " ")[1] }
    let makefile = try String(contentsOfFile: "Makefile", encoding: .utf8)
    let phony = try #require(makefile.firstMatch(of: /\.PHONY: (.*)/)).1.split(separator: " ")
    // `setup` is no one's command: the others call it.
    #expect(Set(listed) == Set(phony).subtracting(["setup"]))
    for target in phony { #expect(makefile.contains("\n\(target):"), "\(target) has no rule") }
  }

  @Test(
    "make -n shows every target's commands and runs none",
    arguments: [
      "run", "test", "check", "bench", "debug", "image", "clean", "help",
    ])
  func dryRun(target: String) async throws {
    let outcome = try await make("-n", target)
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(FileManager.default.fileExists(atPath: ".build"))
  }

  @Test("make debug attaches the debugger to the line that make run boots")
  func debug() async throws {
    let line = try #require(try await make("-n", "run").lines.first { $0.hasPrefix("qemu-system-aarch64") })
    #expect(try await make("-n", "debug").lines.contains("tools/debug build/debug \(line)"))
  }

  @Test(
    "make -n run shows the qemu line, each variable honoured",
    arguments: [
      (
        [], "qemu-system-aarch64 -M virt,gic-version=2 -cpu cortex-a72 -smp 1 -m 128M -nographic -kernel build/apus.img"
      ),
      (["MEMORY=1G"], "-m 1G"),
      (["CPU=max"], "-cpu max"),
      (["GIC=3"], "-M virt,gic-version=3 "),
      (["CPUS=4"], "-smp 4"),
      (["EL2=1"], "-M virt,gic-version=2,virtualization=on "),
      (["GIC=3", "EL2=1"], "-M virt,gic-version=3,virtualization=on "),
      (["QEMU_FLAGS=-s -S"], "-kernel build/apus.img -s -S"),
    ])
  func line(settings: [String], part: String) async throws {
    let outcome = try await Child("make", ["-n", "run"] + settings, environment: ["MAKEFLAGS": nil]).run()
    let line = try #require(outcome.lines.first { $0.hasPrefix("qemu-system-aarch64") }, "\(outcome.summary)")
    #expect(line.contains(part))
  }
}

/// The scripts behind `make test`.
@Suite("The summary line") struct SummaryTests {
  /// What Swift Testing writes of so many tests.
  static func account(passed: Int, failed: Int = 0, skipped: Int = 0) -> String {
    let test = "<testcase classname=\"M.S\" name=\"f()\""
    return "<testsuite name=\"TestResults\" tests=\"\(passed + failed + skipped)\">\n"
      + String(repeating: "\(test) time=\"1\" />\n", count: passed)
      + String(repeating: "\(test) >\n<failure message=\"1 &lt; 0&#10;no\" />\n</testcase>\n", count: failed)
      + String(repeating: "\(test) >\n<skipped>no dtc</skipped>\n</testcase>\n", count: skipped)
  }

  @Test(
    "counts what passed and failed, and fails on a failure, a crash and a run of nothing",
    arguments: [
      (0, account(passed: 5), "5 passed, 0 failed", 0),
      (0, account(passed: 3, skipped: 2), "2 skipped\n3 passed, 0 failed", 0),
      (1, account(passed: 3, failed: 2), "3 passed, 2 failed", 1),
      (0, account(passed: 3, failed: 1, skipped: 1), "1 skipped\n3 passed, 1 failed", 1),
      (139, account(passed: 3), "before its tests did\n3 passed, 1 failed", 1),
      (1, nil, "before its tests did\n0 passed, 1 failed", 1),
      (0, account(passed: 0), "no test ran\n0 passed, 0 failed", 1),
      (0, nil, "no test ran\n0 passed, 0 failed", 1),
    ] as [(Int, String?, String, Int32)])
  func summary(status: Int, account: String?, verdict: String, ends: Int32) async throws {
    let place = try Workspace()
    if let account { try place.write("xml", account) }
    let outcome = try await Child("tools/test-summary", ["\(status)", "\(place.path)/xml"]).run()
    #expect(outcome.text.hasSuffix(verdict + "\n"))
    #expect(outcome.status == ends)
  }

  @Test("comes after each test that failed or was skipped, once, with what it said first")
  func names() async throws {
    let place = try Workspace()
    let xml = try place.write(
      "xml",
      """
      <testsuite name="TestResults" errors="0" tests="3" failures="2" skipped="1" time="1">
      <testcase classname="M.S" name="f(a:)" time="1" >
      <failure message="(a &#8594; 1) == &quot;b&quot;&#10;no" />
      <failure message="again" />
      </testcase>
      <testcase classname="M.S" name="g()" >
      <skipped>no &lt;dtc&gt;</skipped>
      </testcase>
      <testcase classname="M.S" name="h()" time="1" />
      """)
    let outcome = try await Child("tools/test-summary", ["1", xml]).run()
    let said = [
      "skipped: M.S.g(): no <dtc>", "failure: M.S.f(a:): (a → 1) == \"b\"", "    no", "1 skipped", "1 passed, 1 failed",
    ]
    #expect(outcome.text == said.joined(separator: "\n") + "\n")
  }
}
