internal import ABI
internal import DeviceTree
internal import Interfaces
internal import MemoryCore
internal import Runtime

/// Where the memory server starts: boot has filled its slots and mapped its pages.
@c(service_main) public func serviceMain(_ argument: UInt64) {
  var gate = SystemGate()
  do throws(DeviceTreeError) {
    var server = try MemoryServer(views: MappedViews())
    do throws(MemoryRefusal) {
      try server.run(&gate)
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
