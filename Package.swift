// swift-tools-version: 6.2
import PackageDescription

// One package, two builds. `swift test` builds everything that runs on the host: the kernel's core, the
// services' cores, the tools and their tests. With APUS_BUILD=image the same sources make the AArch64
// images (see the Makefile); the libraries are shared, the executables are not.
let buildsImages = Context.environment["APUS_BUILD"] == "image"

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]

/// The kernel allocates nothing: a surviving allocation is an error of the compiler.
let noHeap: [SwiftSetting] =
  buildsImages ? [.unsafeFlags(["-Xfrontend", "-no-allocations"])] : []

func library(_ name: String, _ path: String, _ dependencies: [String] = [], _ extra: [SwiftSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies.map { .byName(name: $0) }, path: path, swiftSettings: strict + extra)
}

/// An executable of the image build, with its own linker script; `objects` are made by the Makefile.
func image(
  _ name: String, _ path: String, script: String, _ dependencies: [String], _ extra: [SwiftSetting] = [],
  objects: [String] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: path, swiftSettings: strict + extra,
    linkerSettings: [
      .unsafeFlags(
        ["-Xlinker", "-T", "-Xlinker", "\(Context.packageDirectory)/tools/\(script)"]
          + objects.flatMap { ["-Xlinker", "\(Context.packageDirectory)/build/\($0)"] })
    ])
}

/// Shared by both builds, from the ground up: an arrow never points up this list.
let libraries: [Target] = [
  library("ABI", "kernel/abi"),
  library("Registers", "hal/registers", [], [.enableExperimentalFeature("Volatile")]),
  library("Machine", "hal/interface", ["ABI"]),
  .target(name: "CAArch64", path: "hal/caarch64"),
  library("AArch64", "hal/aarch64", ["ABI", "Machine", "CAArch64", "Registers"], noHeap),
  library("Drivers", "hal/drivers", ["Registers"], noHeap),
  library("DeviceTree", "hal/devicetree", [], noHeap),
  library("KernelCore", "kernel/core", ["ABI", "Machine", "AArch64"], noHeap),
  library("Interfaces", "services/interfaces", ["ABI", "Registers"]),
  .target(name: "CRuntime", path: "services/cruntime"),
  library("Runtime", "services/runtime", ["ABI", "Interfaces", "CRuntime", "Registers"]),
  library("MemoryCore", "services/memory/core", ["ABI", "Interfaces", "Runtime", "DeviceTree"]),
  library("InitCore", "services/init/core", ["ABI", "Interfaces", "Runtime"]),
  library("InterruptsCore", "services/interrupts/core", ["ABI", "Interfaces", "Runtime", "Drivers", "Registers"]),
  library("ConsoleCore", "services/console/core", ["ABI", "Interfaces", "Runtime", "Drivers", "Registers"]),
  library("ClockCore", "services/clock/core", ["ABI", "Interfaces", "Runtime", "Drivers", "Registers"]),
  library("ShellCore", "services/shell/core", ["ABI", "Interfaces", "Runtime", "ClockCore", "Registers"]),
]

/// The images, each a thin `main` over a core.
let images: [Target] = [
  .target(name: "KernelEntry", path: "kernel/entry"),
  image(
    "kernel", "kernel/main", script: "kernel.ld",
    ["ABI", "Machine", "CAArch64", "AArch64", "DeviceTree", "KernelCore", "KernelEntry", "Registers"], noHeap,
    objects: ["bundle.o"]),
  image("memory", "services/memory/main", script: "service.ld", ["MemoryCore", "Runtime", "CRuntime"]),
  image(
    "init", "services/init/main", script: "service.ld",
    ["InitCore", "ABI", "Interfaces", "Runtime", "CRuntime"]),
  image(
    "interrupts", "services/interrupts/main", script: "service.ld",
    ["InterruptsCore", "ABI", "Interfaces", "Drivers", "Registers", "Runtime", "CRuntime"]),
  image(
    "console", "services/console/main", script: "service.ld",
    ["ConsoleCore", "ABI", "Interfaces", "Drivers", "Registers", "Runtime", "CRuntime"]),
  image(
    "clock", "services/clock/main", script: "service.ld",
    ["ClockCore", "ABI", "Interfaces", "Drivers", "Registers", "Runtime", "CRuntime"]),
  image(
    "shell", "services/shell/main", script: "service.ld",
    ["ShellCore", "ABI", "Interfaces", "Registers", "Runtime", "CRuntime"]),
  .target(name: "Faults", path: "services/faulter/faults"),
  image(
    "bench", "tests/system/bench/main", script: "service.ld",
    ["ABI", "Interfaces", "Registers", "Runtime", "CRuntime", "Faults", "TrialRegisters"]),
  image(
    "faulter", "services/faulter/main", script: "service.ld",
    ["ABI", "Interfaces", "Runtime", "CRuntime", "Faults", "ShellCore"]),
  .target(name: "TrialRegisters", path: "tests/system/trial/registers"),
  image(
    "trial", "tests/system/trial/main", script: "service.ld",
    ["ABI", "Drivers", "Interfaces", "Registers", "Runtime", "CRuntime", "Faults", "ShellCore", "TrialRegisters"]),
]

/// What runs on the developer's machine: the machine model, the packer, the QEMU runner, the tests.
let host: [Target] = [
  library("Simulated", "hal/simulated", ["ABI", "Machine", "AArch64"]),
  library("TestSupport", "tests/TestSupport", ["ABI", "Machine", "KernelCore", "Simulated"]),
  library("Image", "tools/image", ["ABI"]),
  .executableTarget(
    name: "apus-pack",
    dependencies: ["Image", .product(name: "ArgumentParser", package: "swift-argument-parser")],
    path: "tools/pack", swiftSettings: strict),
  .target(
    name: "QEMU", dependencies: [.product(name: "Subprocess", package: "swift-subprocess")],
    path: "tools/qemu", swiftSettings: strict),
  .executableTarget(
    name: "apus-bench",
    dependencies: ["Image", "QEMU", .product(name: "ArgumentParser", package: "swift-argument-parser")],
    path: "tools/bench", exclude: ["trace"], swiftSettings: strict),
  test("AArch64Tests", ["AArch64", "ABI", "KernelCore", "Registers"]),
  test("DeviceTreeTests", ["DeviceTree", "QEMU"]),
  test("ImageTests", ["Image", "ABI", "QEMU", "apus-pack"]),
  test("DriversTests", ["Drivers", "Registers"]),
  test(
    "ServiceCoresTests",
    ["Drivers", "Registers", "Interfaces", "InterruptsCore", "ConsoleCore", "ClockCore", "ShellCore"]),
  test("KernelCoreTests", ["KernelCore", "ABI", "Machine", "AArch64", "Simulated", "TestSupport"]),
  test("ServicesTests", ["InitCore", "Interfaces"]),
  test(
    "InterfacesTests",
    ["Interfaces", "Runtime", "ABI", "Registers", "InitCore", "ConsoleCore", "Drivers"]),
  test("DocsTests", []),
  test("BenchTests", ["apus-bench"]),
  test("SystemTests", ["ABI", "QEMU", "apus-bench"], exclude: ["Expected", "Fixtures"]),
  test(
    "MemoryTests",
    [
      "MemoryCore", "Runtime", "Interfaces", "ABI", "KernelCore", "Machine", "AArch64", "Simulated", "TestSupport",
      "DeviceTree",
    ]),
]

func test(_ name: String, _ dependencies: [String], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "tests/\(name)", exclude: exclude,
    swiftSettings: [.swiftLanguageMode(.v6), .enableExperimentalFeature("Lifetimes"), .treatAllWarnings(as: .error)])
}

let package = Package(
  name: "apus",
  platforms: [.macOS(.v26)],
  dependencies: buildsImages
    ? []
    : [
      .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
      .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
  targets: libraries + (buildsImages ? images : host)
)
