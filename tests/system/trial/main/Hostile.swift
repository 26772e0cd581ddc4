internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore
internal import TrialRegisters

/// A task that tries what it may not: every case is a line, and the system goes on.
struct Hostile: ~Copyable {
  var report = Report()
  private let supervisor = Client<InitInterface>.own
  static var big: UInt64 { .max }

  consuming func run() -> Never {
    let before = report.free()
    report.line("hostile", "begins")
    handles()
    authority()
    serverRequests()
    memoryLimits()
    registers()
    report.line("frames afterwards", report.free() == before ? "as before" : "NOT as before")
    trespass()
    report.line("hostile", "ends")
    report.rest()
  }

  /// Slots, kinds, rights, dropped and revoked handles, calls that do not exist.
  private mutating func handles() {
    let (empty, copy): (UInt64, UInt64) = (60, 61)
    report.kernel("call through an empty slot", .call, Message(handle: empty))
    report.kernel("call through a slot outside", .call, Message(handle: 5000))
    report.kernel("call through slot max", .call, Message(handle: Hostile.big))
    report.kernel("call a notification", .call, Message(handle: WellKnownSlot.notification))
    report.kernel("receive as a client", .receive, Message(handle: WellKnownSlot.supervisor))
    report.kernel("selector 99", .inspect, Message(99))
    report.begin("kernel call 999")
    let label = registers_undefined_call()
    report.terminal.write(label == Outcome.refused | Status.invalidOperation.rawValue ? "no such call" : "NOT REFUSED")
    report.end()
    report.kernel("copy to slot 0", .copy, Message(0, 0, 7, handle: WellKnownSlot.notification))
    report.kernel("copy over a handle", .copy, Message(0, 1, 7, handle: WellKnownSlot.notification))
    report.kernel("copy to slot max", .copy, Message(0, Hostile.big, 7, handle: WellKnownSlot.notification))
    try? report.terminal.gate.copy(
      WellKnownSlot.notification, to: copy, rights: Rights.Notification.wait.rawValue)
    report.kernel("signal without the right", .signal, Message(handle: copy))
    try? report.terminal.gate.drop(copy)
    report.kernel("wait on a dropped handle", .wait, Message(handle: copy))
    try? report.terminal.gate.copy(WellKnownSlot.notification, to: copy)
    try? report.terminal.gate.revoke(WellKnownSlot.notification)
    report.kernel("wait on a revoked handle", .wait, Message(handle: copy))
    report.kernel("a log line of 57 bytes", .log, Message(57))
  }

  /// Kernel calls for which this task holds no authority, with the largest numbers there are.
  private mutating func authority() {
    let big = Hostile.big
    report.kernel("claim", .claim, Message(0, 0, handle: WellKnownSlot.memory))
    report.kernel("create", .create, Message(0, 1, 0, 60, 0, handle: WellKnownSlot.memory))
    report.kernel("region in the own space", .region, Message(60, big, big, 3))
    report.kernel("map in the own space", .map, Message(80, big, big, big, big, big, 60))
    report.kernel("unmap in the own space", .unmap, Message(80, big, big))
    report.kernel("protect in the own space", .protect, Message(80, big, big, 3))
    report.kernel("resize in the own space", .resize, Message(80, big, big))
    report.kernel("copy a page", .copyPage, Message(big, big, big))
    report.kernel("destroy", .destroy, Message(handle: WellKnownSlot.memory))
    report.kernel("start a thread", .thread, Message(0, big, big, big, big, handle: 60))
    report.kernel("acknowledge an interrupt", .interrupt, Message(1, handle: 60))
    report.kernel("attach the controller", .interrupt, Message(2, big, big, big, handle: 60))
    report.kernel("a deadline", .deadline, Message(big, handle: WellKnownSlot.timer))
    report.kernel("power off", .power, Message(0, handle: WellKnownSlot.power))
    report.kernel("translation in the own space", .inspect, Message(1, 0x1000))
    report.kernel("probe of the kernel", .inspect, Message(5, 0xffff_ff80_4020_0000))
  }

  /// Requests to the memory server: ranges, devices, and what only the supervisor may ask.
  private mutating func serverRequests() {
    let big = Hostile.big
    report.server("allocate at page max", .allocate(slot: 60, page: big, pages: 1, rights: 3))
    report.server("allocate max pages", .allocate(slot: 60, page: 0x1000, pages: big, rights: 3))
    report.server("allocate nothing", .allocate(slot: 60, page: 0x1000, pages: 0, rights: 3))
    report.server("allocate writable code", .allocate(slot: 60, page: 0x1000, pages: 1, rights: 7))
    report.server("allocate with rights max", .allocate(slot: 60, page: 0x1000, pages: 1, rights: big))
    report.server("allocate over the image", .allocate(slot: 60, page: 0x200, pages: 1, rights: 3))
    report.server("allocate in slot max", .allocate(slot: big, page: 0x1000, pages: 1, rights: 3))
    report.server("allocate in a slot that is taken", .allocate(slot: 1, page: 0x1000, pages: 1, rights: 3))
    report.server("free what is no region", .free(slot: 1))
    report.server("free slot max", .free(slot: big))
    report.server("protect what is no region", .protect(slot: 1, rights: 1))
    report.server("write the own code", .protect(slot: 80, rights: 3))
    report.server("execute what is written", .protect(slot: 80, rights: 7))
    report.server("resize what is no region", .resize(slot: 1, from: 1, to: 2))
    report.server("resize the own code", .resize(slot: 80, from: 1, to: big))
    report.server("resize slot max", .resize(slot: big, from: big, to: big))
    _ = try? report.memory.reserve(slot: 70, page: 0x9000, pages: 4, &report.terminal.gate)
    report.server("resize to nothing", .resize(slot: 70, from: 4, to: 0))
    report.server("resize to max", .resize(slot: 70, from: 4, to: big))
    report.server("resize what has another length", .resize(slot: 70, from: 5, to: 3))
    try? report.memory.free(slot: 70, &report.terminal.gate)
    report.server("lease a device not granted", .lease(grant: "gic", index: 0, slot: 60, page: 0, pages: 0))
    report.server("lease a device that is not there", .lease(grant: "absent", index: 0, slot: 60, page: 0, pages: 0))
    report.server("lease a device that another holds", .lease(grant: "uart", index: 0, slot: 60, page: 0, pages: 0))
    report.server("lease range max", .lease(grant: "uart", index: big, slot: 60, page: 0, pages: 0))
    report.server("lease max pages", .lease(grant: "rtc", index: 0, slot: 60, page: big, pages: big))
    report.server("take an interrupt that another holds", .interrupt(grant: "uart", index: 0, slot: 60))
    report.server("release what is no lease", .releaseLease(slot: 80))
    report.server("attach the controller by the server", .attach)
    report.server("supervise", .supervise)
    report.server("take events", .nextEvent)
    report.server("create a task", .createTask(entry: 2, slot: 60))
    report.server("end the memory server", .destroyTask)
    report.server(
      "load code", .load(slot: 60, page: 0x1000, offset: 0, filePages: 1, memoryPages: 1, rights: 5))
    report.server("map the bundle", .mapBundle(slot: 60, page: 0x1000))
    report.server("map the log", .mapLog(slot: 60, page: 0x1000))
    report.server("probe another task", .probe(session: 1, address: 0, asTask: false))
    report.server("take a device from a task", .revokeLease(device: "uart"))
    report.server(
      "a device's memory without the lease",
      .allocateDMA(lease: 80, slot: 60, page: 0, pages: 1, alignment: 0, limit: big))
    report.server(
      "a device's memory in slot max",
      .allocateDMA(lease: big, slot: big, page: big, pages: big, alignment: big, limit: 0))
    report.server("the bus address of the own code", .busAddress(slot: 80))
    // A handle goes along with each: left where it arrived, it would keep out all that init sends.
    let passed = Transfer(pass: UInt32(WellKnownSlot.notification)).raw
    report.reply(
      "a request of another version", Message(label: 17, handle: WellKnownSlot.memory, transfer: passed))
    let unknown = MemoryInterface.version << 16 | 999
    report.reply(
      "a request that does not exist", Message(label: unknown, handle: WellKnownSlot.memory, transfer: passed))
  }

  /// More memory than the account has, and more than there is.
  private mutating func memoryLimits() {
    report.server(
      "more than the account", .allocate(slot: 60, page: 0x10_0000, pages: 40_000, rights: 3), values: false)
    report.server("more than is left", .allocate(slot: 60, page: 0x10_0000, pages: 31_800, rights: 3), values: false)
    report.server("a region that failed is gone", .free(slot: 60))
  }

  /// Registers of the victim that is called, and of the spinner that runs in between.
  private mutating func registers() {
    report.line("FP/SIMD registers at the first use", registers_with_secret() == 0 ? "hold no secret" : "HOLD A SECRET")
    do throws(InitRefusal) {
      try supervisor.connect("victim", slot: 62, &report.terminal.gate)
    } catch { report.line("victim", "NOT CONNECTED") }
    report.line("registers after a call", registers_after_call(62) == 0 ? "hold no secret" : "HOLD A SECRET")
    try? supervisor.run("spinner", argument: 0, &report.terminal.gate)
    let until = Counter.now + Counter.frequency / 10
    report.line("registers while others run", registers_kept_until(until) == 0 ? "are kept" : "ARE CHANGED")
    try? supervisor.kill("spinner", &report.terminal.gate)
  }

  /// A page of this task's that another task reads at the same address, by the hand of a program that init runs.
  private mutating func trespass() {
    let page: UInt64 = 0x4_0000
    do throws(MemoryRefusal) {
      try report.memory.allocate(slot: 63, page: page, pages: 1, rights: [.read, .write], &report.terminal.gate)
    } catch { report.line("a page", "NOT ALLOCATED") }
    try? supervisor.run("peeker", argument: page << 12, &report.terminal.gate)
    try? supervisor.run("writer", argument: page << 12, &report.terminal.gate)
  }
}
