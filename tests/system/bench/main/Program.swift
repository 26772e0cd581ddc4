internal import ABI
internal import Interfaces
internal import Runtime

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

/// One program for all parts of the bench: a task's name in the system file says which one it plays.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  let name = (try? gate.inspect(.task)[0]) ?? 0
  switch Name(word: name) {
  case "bench": bench(&gate)
  case "memory": Root().run()
  case "child": Child.run(&gate)
  case "echo", "waiter":
    var echo = Echo()
    echo.run(&gate)
  default: exit(2)
  }
}

/// Counts what single kernel calls and whole requests to the memory server cost, twice, and logs both counts. Exact
/// under `-icount shift=0,sleep=off`; without it the counters stand still, and the first line says so.
private func bench(_ gate: inout SystemGate) -> Never {
  log("empty", Counter.emptyPair, Counter.emptyPair, &gate)
  let counts = memory { (client, gate) throws(MemoryRefusal) in try client.memoryCounts(&gate) }
  if counts.free + counts.unclaimed > 1 << 18 {
    measureGigabyte(&gate)
    measurePagesSeries(&gate)
  } else {
    measureCalls(&gate)
    measureMemory(&gate)
    measureTasks(&gate)
    measureHandlesSeries(&gate)
    measureTasksSeries(entry: minimal, &gate, callWithWords)
  }
  do throws(InitRefusal) { try Client<InitInterface>.own.powerOff(&gate) } catch { fail("poweroff", error) }
  exit(3)
}
