internal import ABI
internal import Interfaces
internal import Runtime

/// Slots and pages of what grows.
private enum Place {
  static var region: UInt64 { 24 }
  /// Tasks, and handles.
  static var first: UInt64 { 26 }
}

/// An operation at growing sizes: each is counted twice after a pass that warms it up.
private func series(
  _ name: StaticString, _ size: UInt64, _ gate: inout SystemGate, _ body: Operation
) {
  _ = body(&gate)
  let first = body(&gate).kernel
  log(series: name, size, first, body(&gate).kernel, &gate)
}

/// A line of a series: the row's name ends with the size.
func log(
  series name: StaticString, _ size: UInt64, _ first: UInt64, _ second: UInt64, _ gate: inout SystemGate
) {
  var line = LogLine()
  line.write(name)
  line.write(decimal: size)
  line.write("  ")
  line.write(decimal: first)
  line.write(" ")
  line.write(decimal: second)
  gate.log(line)
}

/// Regions from a page to a gigabyte, and a page beside them.
func measurePagesSeries(_ gate: inout SystemGate) {
  var pages: UInt64 = 1
  while pages <= 1 << 18 {
    series("seriesAllocate", pages, &gate) { _ in
      let cost = region(pages)
      release()
      return cost
    }
    series("seriesFree", pages, &gate) { _ in
      _ = region(pages)
      return release()
    }
    _ = region(pages)
    series("seriesPageBeside", pages, &gate, page)
    release()
    pages *= 4
  }
}

private func region(_ pages: UInt64) -> Cost {
  cost { (client, gate) throws(MemoryRefusal) in
    try client.allocate(slot: Place.region, page: 1 << 18, pages: pages, rights: [.read, .write], &gate)
  }
}

@discardableResult private func release() -> Cost {
  cost { (client, gate) throws(MemoryRefusal) in try client.free(slot: Place.region, &gate) }
}

/// One page, allocated and given back.
private func page(_ gate: inout SystemGate) -> Cost {
  let slot = Place.region + 1
  let cost = cost { (client, gate) throws(MemoryRefusal) in
    try client.allocate(slot: slot, page: 0x3c0, pages: 1, rights: [.read, .write], &gate)
  }
  memory { (client, gate) throws(MemoryRefusal) in try client.free(slot: slot, &gate) }
  return cost
}

/// Tasks beside those that there are, as many as the server takes: what one more costs, a call, and a page.
func measureTasksSeries(entry: UInt64, _ gate: inout SystemGate, _ call: Operation) {
  var count: UInt64 = 0
  while make(entry, Place.first + count) {
    count += 1
    guard count & (count - 1) == 0 || count % 4 == 0 else { continue }
    series("seriesCallBeside", count, &gate, call)
    guard make(entry, Place.first + count) else { continue }
    end(Place.first + count)
    series("seriesTaskBeside", count, &gate) { _ in
      let watch = Stopwatch()
      _ = make(entry, Place.first + count)
      let cost = watch.cost
      end(Place.first + count)
      return cost
    }
  }
  for index in 0..<count { end(Place.first + index) }
}

private func make(_ entry: UInt64, _ slot: UInt64) -> Bool {
  var gate = SystemGate()
  do throws(MemoryRefusal) {
    _ = try Client<MemoryInterface>.own.createTask(entry: entry, slot: slot, &gate)
    return true
  } catch { return false }
}

private func end(_ slot: UInt64) {
  var gate = SystemGate()
  memory { (client, gate) throws(MemoryRefusal) in try client.destroyTask(slot, &gate) }
  try? gate.drop(slot)
}

/// Handles until the table is full: what one more costs, and a signal by the last.
func measureHandlesSeries(_ gate: inout SystemGate) {
  var count: UInt64 = 0
  while (try? gate.copy(WellKnownSlot.notification, to: Place.first + count)) != nil {
    count += 1
    if count & (count - 1) == 0 { measureHandles(count, &gate) }
  }
  if count & (count - 1) != 0 { measureHandles(count, &gate) }
  for index in 0..<count { try? gate.drop(Place.first + index) }
}

private func measureHandles(_ count: UInt64, _ gate: inout SystemGate) {
  let last = Place.first + count - 1
  series("seriesSignal", count, &gate) { gate in
    var message = Message(handle: last)
    let watch = Stopwatch()
    gate.invoke(.signal, &message)
    return watch.cost
  }
  series("seriesCopy", count, &gate) { gate in
    try? gate.drop(last)
    var message = Message(0, last, 7, 0, handle: WellKnownSlot.notification)
    let watch = Stopwatch()
    gate.invoke(.copy, &message)
    return watch.cost
  }
}
