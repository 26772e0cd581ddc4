import DeviceTree
import Foundation
import QEMU
import Testing

/// Machines whose trees QEMU dumps. Each row is a machine's options and further arguments.
let variants: [[String]] = {
  var rows: [[String]] = []
  for gic in ["gic-version=2", "gic-version=3", "gic-version=3,its=off"] {
    for more in ["", ",virtualization=on", ",secure=on", ",highmem=off"] {
      for cpus in ["1", "4"] {
        rows.append(["virt,\(gic)\(more)", "-smp", cpus, "-m", "128M"])
      }
    }
  }
  for memory in ["10M", "64M", "193M", "1G", "3G", "4G", "16G"] {
    rows.append(["virt", "-m", memory])
  }
  let virtio = ["rng", "net", "serial", "tablet", "keyboard"].flatMap { ["-device", "virtio-\($0)-device"] }
  rows.append(["virt", "-m", "128M"] + virtio)
  rows.append(["virt,gic-version=3", "-m", "256M", "-smp", "140"])
  rows.append(["virt,acpi=off,gic-version=2", "-m", "128M", "-device", "virtio-net-pci"])
  let halves = ["a", "b"].flatMap { ["-object", "memory-backend-ram,id=\($0),size=1G"] }
  rows.append(
    ["virt", "-m", "2G", "-smp", "2"] + halves
      + ["-numa", "node,memdev=a,cpus=0", "-numa", "node,memdev=b,cpus=1"])
  return rows
}()

let oraclesExpected = Oracle.dtc.isExpected && Oracle.qemu.isExpected

/// What QEMU and dtc say of one machine.
struct Dump: Sendable {
  var blob: [UInt8]
  var tree: Decompiled

  init(_ variant: [String], _ more: [String] = []) async throws {
    let path = NSTemporaryDirectory() + "apus-\(UUID().uuidString).dtb"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let arguments = ["-M", "\(variant[0]),dumpdtb=\(path)", "-cpu", "cortex-a72"] + variant.dropFirst() + more
    let outcome = try await Oracle.qemu.run(arguments)
    guard let data = FileManager.default.contents(atPath: path) else { throw Failed(what: outcome.summary) }
    let source = try await Oracle.dtc.run(["-q", "-f", "-I", "dtb", "-O", "dts", path])
    blob = Array(data)
    tree = Decompiled(source.text)
  }
}

/// Each machine dumped once, for the tests that look at all of them.
private actor Dumps {
  static let shared = Dumps()
  private var started: [[String]: Task<Dump, any Error>] = [:]

  func dump(_ variant: [String]) async throws -> Dump {
    let task = started[variant] ?? Task { try await Dump(variant) }
    started[variant] = task
    return try await task.value
  }
}

@Suite(.enabled(if: oraclesExpected, "dtc or qemu-system-aarch64 is not installed"))
struct VariantTests {
  @Test("the facts to boot by are those that dtc prints", arguments: variants)
  func facts(variant: [String]) async throws {
    let dump = try await Dumps.shared.dump(variant)
    let tree = dump.tree
    let blob = Blob(dump.blob)
    let facts = try BootFacts(reading: blob)

    #expect(facts.memory.all == joined(tree.typed("memory").flatMap { tree.reg($0) }))
    let uart = try #require(tree.node("/pl011@9000000"))
    #expect([facts.uart.registers.base, facts.uart.registers.size] == tree.reg(uart)[0])
    let gic = try #require(tree.compatible("arm,cortex-a15-gic", "arm,gic-v3").first)
    let isV3 = tree.texts(gic, "compatible").contains("arm,gic-v3")
    let ranges = tree.reg(gic)
    #expect(facts.gic.version == (isV3 ? .v3 : .v2))
    #expect([facts.gic.distributor.base, facts.gic.distributor.size] == ranges[0])
    #expect(facts.gic.cpuInterface.map { [$0.base, $0.size] } == (isV3 ? nil : ranges[1]))
    let regions = isV3 ? Int(tree.cells(gic, "#redistributor-regions").first ?? 1) : 0
    #expect(facts.gic.redistributors.all == Array(ranges.dropFirst().prefix(regions)))
    #expect(facts.cpuCount == tree.typed("cpu").count)
    let method = tree.compatible("arm,psci").first.flatMap { tree.texts($0, "method").first }
    #expect(facts.psci == (method == "hvc" ? .hvc : method == "smc" ? .smc : nil))
    #expect(facts.treeTotalBytes == dump.blob.count)
    #expect(blob.strayLoads == 0)
  }

  @Test("every device's path, ranges and interrupts are those that dtc prints", arguments: variants)
  func devices(variant: [String]) async throws {
    let dump = try await Dumps.shared.dump(variant)
    let tree = dump.tree
    let blob = Blob(dump.blob)
    let reader = try DeviceTree(blob)
    for compatible in ["arm,pl011", "arm,pl031", "arm,pl061", "virtio,mmio", "arm,armv8-timer", "qemu,fw-cfg-mmio"] {
      var found: [String] = []
      var next: DeviceTreeNode?
      while let node = reader.find(compatible + "\0", after: next) {
        let device = try reader.device(node)
        let expected = try #require(tree.node(device.pathText))
        #expect(device.ranges.all == tree.reg(expected))
        #expect(device.lines == tree.interrupts(expected))
        found.append(device.pathText)
        next = node
      }
      #expect(found == tree.compatible(compatible).map(\.path))
    }
    #expect(blob.strayLoads == 0)
  }

  @Test("the walk meets the nodes that dtc prints, in the same order")
  func order() async throws {
    let dump = try await Dump(["virt,gic-version=3", "-smp", "4"])
    let reader = try DeviceTree(Blob(dump.blob))
    var offsets: [Int] = []
    var depths: [Int] = []
    var next: DeviceTreeNode? = reader.root
    while let node = next {
      offsets.append(node.offset)
      depths.append(node.depth)
      next = reader.node(after: node)
    }
    #expect(offsets == offsets.sorted())
    #expect(depths == dump.tree.nodes.map { $0.path.split(separator: "/").count })
  }

  @Test("a RAM disk and boot arguments are found in QEMU's tree")
  func chosen() async throws {
    let path = NSTemporaryDirectory() + "apus-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(count: 4096).write(to: URL(fileURLWithPath: path))
    let dump = try await Dump(
      ["virt", "-m", "256M"], ["-kernel", path, "-initrd", path, "-append", "quiet and short"])
    let (bytes, tree) = (dump.blob, dump.tree)
    let facts = try BootFacts(reading: Blob(bytes))
    let node = try #require(tree.node("/chosen"))
    let disk = try #require(facts.initialRAMDisk)
    #expect([disk.base] == tree.cells(node, "linux,initrd-start"))
    #expect([disk.end] == tree.cells(node, "linux,initrd-end"))
    let arguments = try #require(facts.bootArguments)
    let text = String(decoding: bytes[arguments.offset..<(arguments.offset + arguments.byteCount)], as: UTF8.self)
    #expect(text == "quiet and short")
  }

  @Test("only the blocks in use are counted as used")
  func used() async throws {
    let bytes = try await Dump(["virt"]).blob
    let facts = try BootFacts(reading: Blob(bytes))
    #expect(facts.treeBytes < 64 << 10)
    #expect(bytes[facts.treeBytes...].allSatisfy { $0 == 0 })
    #expect(facts.treeTotalBytes == 1 << 20)
  }

  /// Ranges sorted, those that touch made one.
  private func joined(_ ranges: [[UInt64]]) -> [[UInt64]] {
    ranges.sorted { $0[0] < $1[0] }.reduce(into: []) { list, range in
      if let last = list.last, last[0] + last[1] == range[0] {
        list[list.count - 1][1] += range[1]
      } else {
        list.append(range)
      }
    }
  }
}
