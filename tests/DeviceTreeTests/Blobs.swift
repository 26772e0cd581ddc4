import DeviceTree
import QEMU
import Synchronization

/// A blob on the host, which counts the loads that the reader must not make.
final class Blob: BlobSource, Sendable {
  let bytes: [UInt8]
  private let limit: Int
  private let strays = Atomic(0)

  /// The blob `bytes`, of which words that begin before `limit` may be loaded: the total size in the header,
  /// but for blobs whose header lies about it.
  init(_ bytes: [UInt8], limit: Int? = nil) {
    self.bytes = bytes
    self.limit = min(limit ?? bytes.count, bytes.count)
  }

  /// Loads that were unaligned or began at or behind the limit.
  var strayLoads: Int { strays.load(ordering: .relaxed) }

  func word(at byteOffset: Int) -> UInt32 {
    guard byteOffset >= 0, byteOffset % 4 == 0, byteOffset < limit else {
      strays.add(1, ordering: .relaxed)
      return 0
    }
    var word: UInt32 = 0
    for index in byteOffset..<min(byteOffset + 4, bytes.count) {
      word |= UInt32(bytes[index]) << UInt32(8 * (index - byteOffset))
    }
    return word
  }
}

/// The blob that dtc makes of `source`. `forced` keeps what dtc itself would refuse.
func compile(_ source: String, forced: Bool = false) async throws -> [UInt8] {
  let arguments = ["-q", "-I", "dts", "-O", "dtb"] + (forced ? ["-f"] : []) + ["-"]
  let outcome = try await Oracle.dtc.run(arguments, input: Array(source.utf8))
  guard outcome.status == 0 else { throw Failed(what: outcome.summary) }
  return outcome.output
}

/// A foreign tool that did not do its part.
struct Failed: Error { var what: String }

/// The facts of a blob, or the refusal.
func facts(_ bytes: [UInt8], limit: Int? = nil) -> Result<BootFacts, DeviceTreeError> {
  let blob = Blob(bytes, limit: limit)
  return Result { () throws(DeviceTreeError) in try BootFacts(reading: blob, limit: limit ?? bytes.count) }
}

/// The reason for which the facts of a blob are refused; nil where they are not.
func refusal(_ bytes: [UInt8]) -> DeviceTreeError? {
  if case .failure(let error) = facts(bytes) { error } else { nil }
}

extension RangeList {
  /// The ranges as an array of (base, size).
  var all: [[UInt64]] { (0..<count).map { [self[$0].base, self[$0].size] } }
}

extension Device {
  var pathText: String { String(decoding: (0..<pathCount).map { path[$0] }, as: UTF8.self) }
  var lines: [InterruptLine] { (0..<interruptCount).map { interrupts[$0] } }
}

/// A small machine in source form, with a hole for more.
func machine(
  memory: String = "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x8000000>; };",
  uart: String = "serial@9000000 { compatible = \"arm,pl011\"; reg = <0 0x9000000 0 0x1000>; interrupts = <0 1 4>; };",
  gic: String = """
  gic: intc@8000000 { compatible = "arm,cortex-a15-gic"; interrupt-controller; #interrupt-cells = <3>;
    #address-cells = <2>; #size-cells = <2>; phandle = <1>;
    reg = <0 0x8000000 0 0x10000  0 0x8010000 0 0x10000>; };
  """,
  head: String = "",
  more: String = ""
) -> String {
  """
  /dts-v1/;
  \(head)
  / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <1>;
    \(memory)
    \(gic)
    \(uart)
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>; }; };
    \(more)
  };
  """
}

extension DeviceTree {
  /// The first enabled node compatible with one of `list`, whose texts end at zero bytes.
  func find(_ list: String, after node: DeviceTreeNode? = nil) -> DeviceTreeNode? {
    let bytes = Array(list.utf8)
    return self.node(compatibleWithAny: bytes.span, after: node)
  }
}
