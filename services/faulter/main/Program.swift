internal import Faults
internal import Interfaces
internal import Runtime
internal import ShellCore

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

/// Commits the fault that the argument names, as the shell's `fault` asks. A test of the system, and a demonstration:
/// the report's PC is the one instruction of `fault_read` and its like.
@c(service_main) public func start(_ argument: UInt64) {
  switch FaultKind(rawValue: UInt8(truncatingIfNeeded: argument)) {
  case .read: _ = fault_read(unmapped)
  case .write: fault_write(fault_code())
  case .execute: fault_execute(fault_data())
  case .kernel: _ = fault_read(kernelHalf)
  case .device: readDevice()
  case nil: exit(2)
  }
  // Nobody comes here: a fault's reply does not resume.
  exit(3)
}

/// Asks for a device that another task holds and that was never granted, then reads where a lease would lie.
private func readDevice() {
  var gate = SystemGate()
  do throws(MemoryRefusal) {
    _ = try Client<MemoryInterface>.own.lease(
      "uart", index: 0, slot: leaseSlot, page: TaskLayout.devices, &gate)
  } catch { gate.log("lease", error) }
  _ = fault_read(TaskLayout.devices << 12)
}

private var leaseSlot: UInt64 { 8 }
/// An address that no region covers.
private var unmapped: UInt64 { 0x10_0000 }
/// The first address of the kernel's image.
private var kernelHalf: UInt64 { 0xffff_ff80_4020_0000 }
