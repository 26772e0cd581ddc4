internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime

/// Where regions go: slots, and pages whose tables are there or not.
private enum Place {
  static var slot: UInt64 { 20 }
  static var name: UInt64 { 22 }
  static var shownSlot: UInt64 { 23 }
  /// Under the leaf table that also maps image and stack.
  static var page: UInt64 { 0x3c0 }
  static var shownPage: UInt64 { 0x3c8 }
  /// Where a leaf table is missing: 64 MiB.
  static var fresh: UInt64 { 0x4000 }
}

/// Requests to the memory server.
func measureMemory(_ gate: inout SystemGate) {
  measure("allocatePage", whole: "allocatePageWhole", &gate) { _ in allocate(1, at: Place.page) }
  measure("allocatePageWithTable", whole: "allocatePageWithTableWhole", &gate) { _ in allocate(1, at: Place.fresh) }
  measure("freePage", whole: "freePageWhole", &gate) { _ in free(1, at: Place.page) }
  measure("protectPage", whole: "protectPageWhole", &gate) { _ in protect(1, at: Place.page) }
  measure("allocate16", whole: "allocate16Whole", &gate) { _ in allocate(16, at: Place.fresh) }
  measure("free16", whole: "free16Whole", &gate) { _ in free(16, at: Place.fresh) }
  measure("protect16", whole: "protect16Whole", &gate) { _ in protect(16, at: Place.fresh) }
  measure("allocate512", whole: "allocate512Whole", &gate) { _ in allocate(512, at: Place.fresh) }
  measure("free512", whole: "free512Whole", &gate) { _ in free(512, at: Place.fresh) }
  measure("protect512", whole: "protect512Whole", &gate) { _ in protect(512, at: Place.fresh) }
  measure("faultZeroPageAtEL1", whole: "faultZeroPage", &gate) { _ in touch(1, at: Place.page, fit: .page) }
  measure("faultRoundTripAtEL1", whole: "faultRoundTrip", &gate, touchShown)
  measure("faultIn16", whole: "faultIn16Whole", &gate) { _ in touch(16, at: Place.fresh, fit: .run) }
  measure("faultIn512", whole: "faultIn512Whole", &gate) { _ in touch(512, at: Place.fresh, fit: .block) }
  measure("lease", whole: "leaseWhole", &gate) { gate in device(&gate).lease }
  measure("releaseLease", whole: "releaseLeaseWhole", &gate) { gate in device(&gate).release }
  measure("verifySection", whole: "verifySectionWhole", &gate) { _ in
    cost { (client, gate) throws(MemoryRefusal) in _ = try client.verify(section: 0, &gate) }
  }
}

/// A gigabyte, on a machine that has it. The first time claims sections of RAM; what is counted does not.
func measureGigabyte(_ gate: inout SystemGate) {
  let pages: UInt64 = 1 << 18
  measure("allocate262144", whole: "allocate262144Whole", &gate) { _ in allocate(pages, at: pages) }
  measure("faultIn262144", whole: "faultIn262144Whole", &gate) { _ in touch(pages, at: pages, fit: .block) }
  measure("free262144", whole: "free262144Whole", &gate) { _ in free(pages, at: pages) }
  measure("protect262144", whole: "protect262144Whole", &gate) { _ in protect(pages, at: pages) }
}

private func take(_ pages: UInt64, at page: UInt64) -> Cost {
  cost { (client, gate) throws(MemoryRefusal) in
    try client.allocate(slot: Place.slot, page: page, pages: pages, rights: [.read, .write], &gate)
  }
}

private func giveBack() -> Cost {
  cost { (client, gate) throws(MemoryRefusal) in try client.free(slot: Place.slot, &gate) }
}

private func allocate(_ pages: UInt64, at page: UInt64) -> Cost {
  let cost = take(pages, at: page)
  _ = giveBack()
  return cost
}

private func free(_ pages: UInt64, at page: UInt64) -> Cost {
  _ = take(pages, at: page)
  return giveBack()
}

/// From read and write to read.
private func protect(_ pages: UInt64, at page: UInt64) -> Cost {
  _ = take(pages, at: page)
  let cost = cost { (client, gate) throws(MemoryRefusal) in
    try client.protect(slot: Place.slot, rights: .read, &gate)
  }
  _ = giveBack()
  return cost
}

/// Touches each run of a region that was reserved: a load, and what brings the pages for it.
private func touch(_ pages: UInt64, at page: UInt64, fit: RegionFit) -> Cost {
  memory { (client, gate) throws(MemoryRefusal) in
    _ = try client.reserve(slot: Place.slot, page: page, pages: pages, fit: fit, &gate)
  }
  let watch = Stopwatch()
  var run = page
  while run < page + pages {
    _ = fault_read(run << 12)
    run += fit.pages
  }
  let cost = watch.cost
  _ = giveBack()
  return cost
}

/// Touches a page that is there and not mapped here: a region shows what its home, lazy itself, has brought since.
private func touchShown(_ gate: inout SystemGate) -> Cost {
  memory { (client, gate) throws(MemoryRefusal) in
    _ = try client.reserve(slot: Place.slot, page: Place.page, pages: 1, fit: .page, &gate)
    try client.share(slot: Place.slot, to: Place.name, &gate)
    try client.show(
      memory: Place.name, slot: Place.shownSlot, page: Place.shownPage, pages: 1, rights: .read, &gate)
  }
  _ = fault_read(Place.page << 12)
  let watch = Stopwatch()
  _ = fault_read(Place.shownPage << 12)
  let cost = watch.cost
  memory { (client, gate) throws(MemoryRefusal) in try client.free(slot: Place.shownSlot, &gate) }
  _ = giveBack()
  try? gate.drop(Place.name)
  return cost
}

private func device(_ gate: inout SystemGate) -> (lease: Cost, release: Cost) {
  let lease = cost { (client, gate) throws(MemoryRefusal) in
    _ = try client.lease("rtc", index: 0, slot: Place.slot, page: TaskLayout.devices, &gate)
  }
  let release = cost { (client, gate) throws(MemoryRefusal) in try client.releaseLease(slot: Place.slot, &gate) }
  return (lease, release)
}
