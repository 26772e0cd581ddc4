import Foundation

/// A foreign tool whose word a test compares ours with.
///
/// Absent, it skips its tests by name; under APUS_REQUIRE_ORACLES=1, as `make test` sets it, they run and fail:
///
///     @Test("each property reads as dtc reads it", .enabled(if: Oracle.dtc.isExpected, "dtc is not installed"))
///     func properties() async throws {
///       let source = try await Oracle.dtc.run(["-I", "dtb", "-O", "dts", "-"], input: blob).text
public struct Oracle: Sendable {
  /// The device-tree compiler.
  public static let dtc = Oracle.require("dtc")
  /// The system emulator, which also dumps the device trees of its machines.
  public static let qemu = Oracle.require("qemu-system-aarch64")
  /// The binary utilities, for AArch64.
  public static let readelf = Oracle.require("aarch64-linux-gnu-readelf")
  /// Copies an image's parts.
  public static let objcopy = Oracle.require("aarch64-linux-gnu-objcopy")
  /// The disassembler.
  public static let objdump = Oracle.require("aarch64-linux-gnu-objdump")
  /// The C compiler, for its assembler.
  public static let assembler = Oracle.require("aarch64-linux-gnu-gcc")
  /// The debugger.
  public static let gdb = Oracle.require("gdb-multiarch")

  /// The command's name.
  public let name: String
  /// Where it lies, if it is installed.
  public let path: String?
  private let isRequired: Bool

  /// The tool named `name`, looked up in PATH.
  public static func require(_ name: String) -> Oracle {
    let environment = ProcessInfo.processInfo.environment
    let places = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
    return Oracle(
      name: name, path: places.first { FileManager.default.isExecutableFile(atPath: $0) },
      isRequired: environment["APUS_REQUIRE_ORACLES"] == "1")
  }

  /// Whether tests that need the tool should run: it is here, or its absence counts as a failure.
  public var isExpected: Bool { path != nil || isRequired }

  /// The tool is not installed.
  public struct Missing: Error, CustomStringConvertible {
    /// The command's name.
    public let name: String
    /// What to do about it.
    public var description: String { "\(name) is not installed; `tools/setup` installs what the tests compare with" }
  }

  /// The tool's path; throws ``Missing``.
  public func located() throws -> String {
    guard let path else { throw Missing(name: name) }
    return path
  }

  /// Runs the tool; throws ``Missing``. A non-zero status is part of the outcome.
  public func run(
    _ arguments: [String], input: [UInt8] = [], limit: Duration = .seconds(60)
  ) async throws -> Outcome {
    try await Child(located(), arguments).run(input: input, limit: limit)
  }
}
