import Foundation

/// A QEMU `virt` machine and what it boots: the options of `make run`, and those that only tests want.
public struct Guest: Sendable, CustomStringConvertible {
  /// RAM, as `-m` takes it: "128M".
  public var memory = "128M"
  /// A model that `-cpu` knows.
  public var cpu = "cortex-a72"
  /// The interrupt controller's version, 2 or 3.
  public var gic = 2
  /// The number of cores.
  public var cpus = 1
  /// Whether the kernel is entered at EL2 (virtualization=on).
  public var entersAtEL2 = false
  /// Whether a semihosting exit gives its code as QEMU's status: how a panic fails a test.
  public var semihosting = true
  /// Whether instructions are counted exactly, one a nanosecond (`-icount shift=0,sleep=off`).
  public var countsInstructions = false
  /// The flat image to boot.
  public var kernel = Guest.image
  /// What is added to the line.
  public var arguments: [String] = []

  /// The default machine, that of a bare `make run`.
  public init() {}

  /// The project's image; tests run in the package's root.
  public static let image = "build/apus.img"

  /// Whether tests that boot the image should run. Without APUS_REQUIRE_ORACLES=1 they are skipped while there is no
  /// image or no QEMU; with it they run, and fail by saying what is not there.
  public static var isExpected: Bool {
    let isRequired = ProcessInfo.processInfo.environment["APUS_REQUIRE_ORACLES"] == "1"
    return isRequired || (Oracle.qemu.path != nil && FileManager.default.fileExists(atPath: image))
  }

  /// The same for tests that boot a system of their own, a bundle that `make test` builds.
  public static func isExpected(booting system: String) -> Bool {
    let isRequired = ProcessInfo.processInfo.environment["APUS_REQUIRE_ORACLES"] == "1"
    return isRequired || (isExpected && FileManager.default.fileExists(atPath: system))
  }

  /// The machine in the words of a test's name.
  public var description: String {
    "GICv\(gic), \(entersAtEL2 ? "EL2" : "EL1"), \(cpu), \(memory)" + (cpus > 1 ? ", \(cpus) cores" : "")
  }

  /// QEMU's arguments.
  public var line: [String] {
    var line = ["-M", "virt,gic-version=\(gic)" + (entersAtEL2 ? ",virtualization=on" : "")]
    line += ["-cpu", cpu, "-smp", "\(cpus)", "-m", memory, "-nographic", "-kernel", kernel]
    if semihosting { line += ["-semihosting-config", "enable=on,target=native"] }
    if countsInstructions { line += ["-icount", "shift=0,sleep=off"] }
    return line + arguments
  }
}

extension Guest {
  /// There is nothing to boot.
  public struct NoImage: Error, CustomStringConvertible {
    /// Where it was looked for.
    public let path: String
    /// What to do about it.
    public var description: String { "\(path) is not there; `make image` builds it" }
  }

  /// Boots the machine and takes each step when its turn comes, `limit` at most. As many guests as the host has
  /// cores run at a time; the limit counts from the guest's own start.
  ///
  /// Throws ``NoImage``, or ``Oracle/Missing`` without QEMU. How the guest ended is for the caller to judge.
  public func run(_ steps: [Step] = [], limit: Duration = .seconds(60)) async throws -> Outcome {
    let qemu = try Oracle.qemu.located()
    guard FileManager.default.fileExists(atPath: kernel) else { throw NoImage(path: kernel) }
    return try await Places.ofThisHost.withPlace {
      try await Child(qemu, line).converse(steps, limit: limit)
    }
  }
}
