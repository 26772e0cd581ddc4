import QEMU
import Testing

/// Each gate of `make check` lets good input pass and fails on bad input.
@Suite("make check") struct CheckTests {
  /// A gate's word on one Swift file.
  func judge(_ gate: String, _ source: String, at path: String = "kernel/core/A.swift") async throws -> Outcome {
    let place = try Workspace()
    let file = try place.write(path, source)
    return try await Child("tools/check/\(gate)", [file]).run()
  }

  @Test("a file that swift-format would change fails", arguments: [("let a = 1\n", true), ("let  a=1;\n", false)])
  func format(source: String, passes: Bool) async throws {
    #expect(try await (judge("format", source).status == 0) == passes)
  }

  @Test(
    "unsafe outside its fence fails, and inside it without its reason",
    arguments: [
      ("let a = unsafe p[0]\n", "kernel/core/A.swift", false),
      ("// Safety: it is.\nlet a = unsafe p[0]\n", "services/shell/core/A.swift", false),
      ("@unsafe func f() {}\n", "kernel/core/A.swift", false),
      ("nonisolated(unsafe) var a = 1\n", "tools/pack/A.swift", false),
      ("// Safety: it is.\nlet a = unsafe p[0]\n", "kernel/main/A.swift", true),
      ("let a = unsafe p[0]  // Safety: it is.\n", "hal/aarch64/A.swift", true),
      ("// Safety: it is, for\n// two reasons.\nlet a =\n  unsafe p[0]\n", "services/runtime/A.swift", true),
      ("// Safety: it is.\n\nlet a = unsafe p[0]\n", "hal/aarch64/A.swift", false),
      ("let a = unsafe p[0]\n", "hal/aarch64/A.swift", false),
      ("@unsafe func f() {}\n", "hal/aarch64/A.swift", true),
      (
        "// unsafe in words\nlet a = \"unsafe\"\nlet unsafely = \"\"\"\n  unsafe\n  \"\"\"\n", "kernel/core/A.swift",
        true
      ),
    ])
  func fence(source: String, path: String, passes: Bool) async throws {
    let outcome = try await judge("unsafe", source, at: path)
    #expect((outcome.status == 0) == passes, "\(outcome.summary)")
  }

  @Test(
    "an import that Package.swift does not declare fails, and so does a warning",
    arguments: [("import B", "Target A imports another target (B)"), ("func f() { let a = 1 }", "A.swift:1")])
  func imports(source: String, says: String) async throws {
    let place = try Workspace()
    let header = "// swift-tools-version: 6.2\nimport PackageDescription\n"
    let strict = "swiftSettings: [.treatAllWarnings(as: .error)]"
    let targets = ".target(name: \"A\", \(strict)), .target(name: \"B\")"
    try place.write("Package.swift", "\(header)let package = Package(name: \"P\", targets: [\(targets)])\n")
    try place.write("Sources/B/B.swift", "public let b = 1\n")
    try place.write("Sources/A/A.swift", "\(source)\n")
    // With B already there, A's compiler finds it and does not object: the gate has to.
    let b = ["build", "--target", "B", "--package-path", place.path, "--scratch-path", "\(place.path)/.build"]
    let isThere = try await Child("swift", b).run(limit: .seconds(300))
    try #require(isThere.status == 0, "\(isThere.summary)")
    let outcome = try await Child("tools/check/imports", [place.path]).run(limit: .seconds(300))
    #expect(outcome.status != 0 && outcome.text.contains(says), "\(outcome.summary)")
  }

  @Test("asks every gate there is")
  func gates() async throws {
    let scripts = try await Child("sh", ["-c", "cd tools/check && find . -perm -1 -type f ! -name all"]).run()
    let called = try await Child("sed", ["-n", "s/^gate \\([a-z-]*\\).*/.\\/\\1/p", "tools/check/all"]).run()
    #expect(Set(called.lines) == Set(scripts.lines))
  }
}

/// The gates that read machine code, on images assembled here.
@Suite(
  "make check on images",
  .enabled(if: Oracle.assembler.isExpected && Oracle.objdump.isExpected, "the cross tools are missing"))
struct ImageCheckTests {
  /// A gate's word on an image of these instructions.
  func judge(_ gate: String, _ assembly: String, list: String? = nil) async throws -> Outcome {
    let place = try Workspace()
    let source = try place.write("a.S", "  .text\n  .global _start\n_start: nop\n\(assembly)\n")
    let elf = "\(place.path)/a.elf"
    let built = try await Oracle.assembler.run(["-nostdlib", "-static", source, "-o", elf])
    try #require(built.status == 0, "\(built.summary)")
    let arguments = try list.map { [elf, try place.write("list", $0)] } ?? [elf]
    return try await Child("tools/check/\(gate)", arguments).run()
  }

  @Test(
    "an FP or SIMD register fails outside the routines that save them",
    arguments: [
      ("movi v0.2d, #0", false), ("ldr q3, [x0]", false), ("stp d8, d9, [sp]", false), ("fmov s0, wzr", false),
      ("ld1 {v0.16b}, [x0]", false), ("ldr b1, [x0]", false), ("mov x0, v1.d[0]", false),
      ("b.eq d8\nd8: ret", true), ("ldr x0, [x1, #8]\nmov w3, #0xd8\ndup: ret", true),
      ("ret\n.global fp_save\nfp_save: stp q0, q1, [x0]", true),
      ("fp_load: ldr q0, [x0]\n.global other\nother: ldr q0, [x0]", false),
    ])
  func registers(assembly: String, passes: Bool) async throws {
    let outcome = try await judge("registers", assembly)
    #expect((outcome.status == 0) == passes, "\(outcome.summary)")
  }

  @Test(
    "an allocator fails, or what would call one",
    arguments: [
      ("posix_memalign: ret", false), ("malloc: ret", false), ("swift_retain: ret", false),
      ("swift_allocObject: ret", false), ("free: ret", false), ("free_frames: ret", true),
    ])
  func heap(assembly: String, passes: Bool) async throws {
    #expect(try await (judge("heap", assembly).status == 0) == passes)
  }

  @Test("a lazily initialised global fails", arguments: [("\"$e6kernel5state_Wz\": ret", false), ("state: ret", true)])
  func globals(assembly: String, passes: Bool) async throws {
    #expect(try await (judge("globals", assembly).status == 0) == passes)
  }

  @Test(
    "a fast path with a frame or a call fails, and one that is not there",
    arguments: [
      ("call: sub sp, sp, #16\n ret", false), ("call: stp x29, x30, [sp, #-16]!\n ret", false),
      ("call: bl _start\n ret", false), ("call: blr x0", false), ("receive: ret", false),
      ("call: add x0, sp, #8\n ldr x1, [sp, #16]\n b _start", true),
      ("call: ret\nother: sub sp, sp, #16", true),
    ])
  func fastPaths(assembly: String, passes: Bool) async throws {
    let outcome = try await judge("fast-paths", assembly, list: "# the calls\ncall # with eight words\n")
    #expect((outcome.status == 0) == passes, "\(outcome.summary)")
  }

  @Test(
    "a chain of calls that is deeper than the stack fails, and one that cannot be known",
    arguments: [
      ("a: sub sp, sp, #0x40\n bl b\n ret\nb: stp x29, x30, [sp, #-64]!\n ret", true),
      ("a: sub sp, sp, #0x40\n bl b\n ret\nb: stp x29, x30, [sp, #-80]!\n ret", false),
      ("a: sub sp, sp, #0x40\n b.eq b\n ret\nb: str x30, [sp, #-80]!\n ret", false),
      ("a: sub sp, sp, #0x1, lsl #12\n ret", false), ("a: blr x0\n ret", false),
      ("a: bl b\n ret\nb: bl a\n ret", false),
      ("a: bl a\n ret", false), ("a: cbz x0, a\n ret", true),
    ])
  func stack(assembly: String, passes: Bool) async throws {
    let outcome = try await judge("stack", "\(assembly)\n .section .stack, \"aw\", %nobits\n .space 128")
    #expect((outcome.status == 0) == passes, "\(outcome.summary)")
  }

  @Test("no image at all fails", arguments: ["registers", "heap", "globals", "stack"])
  func absent(gate: String) async throws {
    #expect(try await Child("tools/check/\(gate)", ["build/nothing.elf"]).run().status != 0)
  }
}
