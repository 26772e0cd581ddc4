internal import ABI
internal import DeviceTree
internal import Interfaces
internal import MemoryCore
internal import Runtime

/// Where the memory server starts: boot has filled its slots and mapped its pages. The kernel starts it here again when
/// it died, with what it died of.
@c(service_main) public func serviceMain(
  _ restarts: UInt64, _ syndrome: UInt64, _ address: UInt64, _ instruction: UInt64, _ stack: UInt64, _ link: UInt64
) {
  let start = ServerStart(
    restarts: restarts, syndrome: syndrome, address: address, instruction: instruction, stack: stack, link: link)
  var gate = SystemGate()
  do throws(DeviceTreeError) {
    var server = try MemoryServer(views: MappedViews())
    do throws(MemoryRefusal) {
      try server.run(start, &gate)
    } catch {
      gate.log("refused", error)
    }
  } catch {
    gate.log("refused", "the device tree that boot handed over")
  }
  // Nobody is left who could go on: the kernel tells of the trap.
  fatalError()
}

/// The image's entry is `_start`; SwiftPM asks for a main.
@main enum Program { static func main() {} }
