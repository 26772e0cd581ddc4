internal import ABI
internal import Drivers
internal import Interfaces
internal import InterruptsCore
internal import Registers
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

private enum Slot {
  static var distributor: UInt64 { WellKnownSlot.firstFree }
  static var redistributors: UInt64 { WellKnownSlot.firstFree + 1 }
  static var landing: UInt64 { WellKnownSlot.firstFree + 2 }
}

/// Where the interrupt service begins: the distributor, then the kernel's CPU interface, then the timer.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  do throws(MemoryRefusal) {
    let lease = try Client<MemoryInterface>.own.lease(
      "gic", index: 0, slot: Slot.distributor, page: TaskLayout.devices, pages: 16, &gate)
    var interrupts = Interrupts(try distributor(lease, &gate))
    do throws(MemoryRefusal) { try Client<MemoryInterface>.own.attach(&gate) } catch {
      // After a restart the kernel has its controller already.
      guard error.cause == .kernel(.busy) else { throw error }
    }
    enableTimer(&interrupts)
    var text = TextBuffer<56>()
    text.write(decimal: UInt64(interrupts.limit))
    text.write(" interrupts, timer on")
    gate.log("ready", text)
    var server = InterruptsServer(interrupts, landingSlot: Slot.landing)
    do throws(Refusal) { try server.serve(on: WellKnownSlot.service, &gate) } catch { throw MemoryRefusal(error) }
  } catch { fail("start", error) }
}

/// The distributor of the version that the hardware names. One that runs was left by the service's last life:
/// starting it anew would disable the interrupts of drivers that know nothing of it.
private func distributor(_ lease: Lease, _ gate: inout SystemGate) throws(MemoryRefusal)
  -> Distributor<MappedRegisters>
{
  let registers = lease.registers
  let isRunning = registers.load(GICDRegisters.control) & 3 != 0
  if registers.load32(at: versionOffset) >> 4 & 0xf == 2 {
    let gic = GICv2Distributor(registers)
    if !isRunning { gic.initialise() }
    return .v2(gic)
  }
  let frames = try Client<MemoryInterface>.own.lease(
    "gic", index: 1, slot: Slot.redistributors, page: TaskLayout.devices + 16, pages: redistributorPages, &gate)
  var gic = GICv3Distributor(distributor: registers, redistributors: frames.registers)
  if !isRunning {
    do throws(GICRefusal) { try gic.initialise(affinity: 0) } catch {
      let refusal = InterruptsRefusal.controller(error).refusal
      fail("start", refusal)
    }
  }
  return .v3(gic)
}

/// The kernel's timer, PPI 27: CNTV. Without it there is neither preemption nor a deadline.
private func enableTimer(_ interrupts: inout Interrupts<MappedRegisters>) {
  do throws(InterruptsRefusal) { try interrupts.enable(27, trigger: .level) } catch { fail("timer", error.refusal) }
}

/// GICD_PIDR2 of GICv2, bits 7:4 the architecture; reserved, read as zero, in GICv3. IHI 0048B 4.3.18.
private var versionOffset: Int { 0xfe8 }
/// The boot CPU's redistributor: two frames of 64 KiB.
private var redistributorPages: UInt64 { 32 }
