internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore

/// A client of the mortal service: what it is told when the service ends, and what has come back by then.
struct Witness: ~Copyable {
  private typealias Failure = Client<MortalInterface>.Failure
  private var report = Report()
  private var mortal = Connection<MortalInterface>(to: "mortal", slot: Witness.slot)
  private static var slot: UInt64 { 60 }

  consuming func run() -> Never {
    report.line("witness", "begins")
    ask()
    see("exit in a call", .exit, owing: true)
    see("fault in a call", .fault, owing: true)
    see("exit by itself", .exit, owing: false)
    see("fault by itself", .fault, owing: false)
    report.line("witness", "ends")
    report.rest()
  }

  /// One death and the life before and after it. This task runs below all others, so whatever they do about the death
  /// is done when it looks; and it looks before it prints, for the pause before a restart is short.
  private mutating func see(_ name: StaticString, _ death: MortalInterface.Death, owing: Bool) {
    let (free, before) = (report.free(), look())
    let fatal = call { (client, gate) throws(Failure) in try client.die(death, owing: owing, &gate) }
    let next = call { (client, gate) throws(Failure) in _ = try client.count(&gate) }
    let (freeThen, then) = (report.free(), look())
    report.line("case", name)
    show("before", before)
    show("it is asked to end", fatal)
    show("the same handle again", next)
    show("ended", then)
    let areBack = before.used > 600 && freeThen == free + before.used
    report.line("its frames", areBack ? "came back, every one" : "ARE NOT ALL BACK")
    ask()
    let after = look()
    show("afterwards", after)
    report.line("frames in use", after.used == before.used && report.free() == free ? "as before" : "NOT as before")
  }

  /// A call on the handle as it is; nothing where it is answered.
  private mutating func call(_ body: (Client<MortalInterface>, inout SystemGate) throws(Failure) -> Void) -> Failure? {
    do throws(Failure) {
      try body(Client(slot: Witness.slot), &report.terminal.gate)
      return nil
    } catch { return error }
  }

  private mutating func show(_ name: StaticString, _ failure: Failure?) {
    report.begin(name)
    if let failure {
      report.terminal.write(failure.peerIsGone ? "typed: " : "OTHERWISE: ")
      report.terminal.write(failure)
    } else {
      report.terminal.write("answered")
    }
    report.end()
  }

  /// A call on the connection, which is made anew where the service is.
  private mutating func ask() {
    let (before, asked) = (mortal.reconnections, count())
    report.begin("asked through the connection")
    report.terminal.write("request ")
    report.terminal.write(decimal: asked)
    report.terminal.write(" to this service, connected anew ")
    report.terminal.write(decimal: mortal.reconnections - before)
    report.terminal.write(" times")
    report.end()
  }

  private mutating func count() -> UInt64 {
    do throws(Failure) {
      return try mortal.use(&report.terminal.gate) {
        (client, gate: inout SystemGate) throws(Failure) in
        try client.count(&gate)
      }
    } catch { return 0 }
  }

  /// The frames of the service's account and the holder of its device, now.
  private mutating func look() -> (used: UInt64, holder: Name) { (used(), holder()) }

  private mutating func show(_ name: StaticString, _ seen: (used: UInt64, holder: Name)) {
    report.begin(name)
    report.terminal.write(seen.used == 0 ? "no task, device " : "a task, device ")
    if seen.holder == Name.none { report.terminal.write("free") } else { report.terminal.write(name: seen.holder) }
    report.end()
  }

  /// Frames that the service's account uses; 0 where there is no such task.
  private mutating func used() -> UInt64 {
    var session: UInt64 = 0
    while let facts = try? report.memory.task(at: session, &report.terminal.gate) {
      if facts.name == "mortal" { return facts.used }
      session = facts.session + 1
    }
    return 0
  }

  /// Who leases the GPIO controller.
  private mutating func holder() -> Name {
    var index: UInt64 = 0
    while let device = try? report.memory.device(at: index, &report.terminal.gate) {
      if device.name == "pl061@90" { return device.holder }
      index = device.index + 1
    }
    return "unknown"
  }
}
