import Foundation
import QEMU
import Testing

/// `tools/setup` on a machine that is all make-believe: PATH holds nothing but what the test puts there.
struct FakeMachine {
  private let place: Workspace

  static let everything = ["qemu-system-aarch64", "aarch64-linux-gnu-gcc", "dtc", "swift"]

  /// Who may install: root, a user whom sudo asks nothing, or neither.
  enum User: String { case root, sudoer, nobody }

  init(_ user: User, has tools: [String]) throws {
    place = try Workspace()
    let note = ">>\(place.path)/record"
    for tool in tools { try place.script(tool, "echo \"\(tool) $*\" \(note)") }
    try place.script("id", "echo \(user == .root ? 0 : 1000)")
    try place.script("env", "exec /usr/bin/env \"$@\"")
    // Both would swallow what is on standard input, as the real ones may.
    try place.script("apt-get", "/bin/cat >/dev/null; echo \"apt-get $*\" \(note)")
    let sudo = user == .sudoer ? "shift; echo \"sudo $*\" \(note); exec \"$@\"" : "exit 1"
    try place.script("sudo", "/bin/cat >/dev/null; \(sudo)")
    try place.script("true", "")
  }

  func run(_ command: String, input: String = "") async throws -> Outcome {
    try await Child("/bin/sh", ["-c", command], environment: ["PATH": place.path]).run(input: Array(input.utf8))
  }

  /// The commands that were run, in order.
  var record: [String] { place.read("record").split(separator: "\n").map(String.init) }
}

@Suite("Set-up") struct SetupTests {
  static let packages = "qemu-system-arm ipxe-qemu gcc-aarch64-linux-gnu device-tree-compiler"
  static let install = "apt-get install --yes --no-install-recommends"

  @Test("is silent and calls nobody when nothing is missing", arguments: [FakeMachine.User.root, .sudoer, .nobody])
  func nothingMissing(user: FakeMachine.User) async throws {
    let machine = try FakeMachine(user, has: FakeMachine.everything)
    let outcome = try await machine.run("tools/setup")
    #expect(outcome.status == 0 && outcome.text.isEmpty && outcome.errors.isEmpty, "\(outcome.summary)")
    #expect(machine.record.isEmpty)
  }

  @Test("installs as root what is missing")
  func root() async throws {
    let machine = try FakeMachine(.root, has: ["swift"])
    let outcome = try await machine.run("tools/setup")
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(machine.record == ["apt-get update", "\(Self.install) \(Self.packages)"])
  }

  @Test("installs through sudo where sudo asks nothing")
  func sudo() async throws {
    let machine = try FakeMachine(.sudoer, has: ["swift"])
    let outcome = try await machine.run("tools/setup")
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(
      machine.record.filter { $0.hasPrefix("apt-get") } == ["apt-get update", "\(Self.install) \(Self.packages)"])
    #expect(machine.record.contains("sudo apt-get update"))
  }

  @Test("prints the exact line and fails where it may not install")
  func neither() async throws {
    let machine = try FakeMachine(.nobody, has: ["swift"])
    let outcome = try await machine.run("tools/setup")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("    sudo apt-get update && sudo \(Self.install) \(Self.packages)\n"))
    #expect(machine.record.isEmpty)
  }

  @Test(
    "installs only what is missing",
    arguments: [
      ("qemu-system-aarch64", "qemu-system-arm ipxe-qemu"), ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
      ("dtc", "device-tree-compiler"),
    ])
  func one(tool: String, package: String) async throws {
    let machine = try FakeMachine(.root, has: FakeMachine.everything.filter { $0 != tool })
    _ = try await machine.run("tools/setup")
    #expect(machine.record.last == "\(Self.install) \(package)")
  }

  @Test(
    "adds the debugger for make debug alone, and the tracer's compiler for make bench alone",
    arguments: [("debug", "gdb-multiarch"), ("bench", "gcc libc6-dev")])
  func extras(target: String, packages: String) async throws {
    let machine = try FakeMachine(.root, has: FakeMachine.everything)
    _ = try await machine.run("tools/setup \(target)")
    #expect(machine.record.last == "\(Self.install) \(packages)")
  }

  @Test("asks for Swift, which apt does not have")
  func swift() async throws {
    let machine = try FakeMachine(.root, has: FakeMachine.everything.filter { $0 != "swift" })
    let outcome = try await machine.run("tools/setup")
    #expect(outcome.status == 1 && outcome.errors.contains("Swift 6.3"))
  }

  @Test("leaves standard input to the guest", arguments: [FakeMachine.User.root, .sudoer, .nobody])
  func input(user: FakeMachine.User) async throws {
    let machine = try FakeMachine(user, has: ["swift"])
    let outcome = try await machine.run("tools/setup >/dev/null 2>&1; /bin/cat", input: "help\npoweroff\n")
    #expect(outcome.text == "help\npoweroff\n")
  }

  @Test("that cannot install stops make before it builds anything", arguments: ["run", "test", "image"])
  func nothingBuilt(target: String) async throws {
    let machine = try FakeMachine(.nobody, has: ["swift"])
    let outcome = try await machine.run("/usr/bin/make \(target)")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("sudo apt-get update"))
    #expect(machine.record.isEmpty, "\(outcome.summary)")
  }
}
