internal import ABI
internal import Interfaces
internal import Runtime

private enum Slot {
  static var task: UInt64 { 21 }
  static var region: UInt64 { 20 }
}

/// The entry of the bundle that only this program makes a task of.
var minimal: UInt64 { 5 }

/// A task that has a page, and what the kernel holds for it.
func measureTasks(_ gate: inout SystemGate) {
  measure("createTask", whole: "createTaskWhole", &gate) { gate in life(&gate).create }
  measure("endTask", whole: "endTaskWhole", &gate) { gate in life(&gate).end }
  let first = frames(&gate) << 12
  log("bytesPerTask", first, frames(&gate) << 12, &gate)
}

/// Makes a task and gives it a page.
private func create() -> UInt64 {
  memory { (client, gate) throws(MemoryRefusal) in
    let session = try client.createTask(entry: minimal, slot: Slot.task, &gate)
    try client.allocate(slot: Slot.region, page: 0x200, pages: 1, rights: [.read, .write], task: Slot.task, &gate)
    return session
  }
}

private func end() {
  memory { (client, gate) throws(MemoryRefusal) in try client.destroyTask(Slot.task, &gate) }
}

private func life(_ gate: inout SystemGate) -> (create: Cost, end: Cost) {
  let birth = Stopwatch()
  _ = create()
  let create = birth.cost
  let death = Stopwatch()
  end()
  let cost = death.cost
  try? gate.drop(Slot.task)
  return (create, cost)
}

/// Frames of the kernel's own for such a task: objects and tables.
private func frames(_ gate: inout SystemGate) -> UInt64 {
  let session = create()
  let counts = memory { (client, gate) throws(MemoryRefusal) in try client.tableCounts(session: session, &gate) }
  end()
  try? gate.drop(Slot.task)
  return counts.level1 + counts.level2 + counts.level3 + counts.objects
}
