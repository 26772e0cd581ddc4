internal import ABI
internal import Interfaces
internal import Registers
internal import Runtime
internal import ShellCore

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

/// Where the shell begins: the log, then the user.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  do throws(MemoryRefusal) {
    try Client<MemoryInterface>.own.mapLog(slot: WellKnownSlot.log, page: TaskLayout.log, &gate)
  } catch { fail("log", error) }
  var shell = Shell(
    Terminal(gate: gate, slot: WellKnownSlot.firstFree), clockSlot: WellKnownSlot.firstFree + 1,
    log: LogReader(mappedFrom: 0))
  if let failure = shell.run() { fail("console", failure) }
}
