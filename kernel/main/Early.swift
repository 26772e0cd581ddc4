internal import AArch64
internal import DeviceTree
internal import KernelCore
internal import KernelEntry
internal import Machine

/// Runs with the MMU off, at its physical address: reads the device tree, checks what the map depends on,
/// and builds the tables. Returns the physical address of the root, for both halves.
@c(kernelEarly) func kernelEarly(_ tree: UInt64, _ level: UInt64) -> UInt64 {
  state.tree = tree
  state.level = level
  kernel.machine.counterFrequency = Hardware.frequency
  var console = EmergencyConsole(base: 0)
  do throws(BootRefusal) {
    try readTree(at: tree, console: &console)
    try checkMemory()
    try checkPlaces(tree: tree)
    guard Hardware.clearsByLine else { throw .zeroBlock(Hardware.zeroBlock) }
    return try buildTables()
  } catch {
    refuse(error, console: console)
  }
}

/// Reads the tree where it lies, by aligned words: memory is of Device type now.
private func readTree(at address: UInt64, console: inout EmergencyConsole) throws(BootRefusal) {
  do throws(DeviceTreeError) {
    guard address & 7 == 0 else { throw DeviceTreeError(.unaligned, found: address, expected: 8) }
    // Safety: the loader vouches for the tree; the reader stays inside the size that its header gives.
    let start = unsafe UnsafePointer<UInt32>(bitPattern: UInt(address))
    guard let start = unsafe start else { throw DeviceTreeError(.wrongMagic, found: 0, expected: 0xd00d_feed) }
    try readFacts(unsafe MemorySource(start: start), console: &console)
  } catch {
    throw .tree(error)
  }
}

/// Gathers the facts. If they are refused, the UART alone is looked for, so that the refusal can be told.
private func readFacts(_ source: MemorySource, console: inout EmergencyConsole) throws(DeviceTreeError) {
  do throws(DeviceTreeError) {
    try state.survey.read(source)
    console = EmergencyConsole(base: state.survey.facts.uart.registers.base)
    kernel.machine.conduit = PowerConduit(state.survey.facts.psci)
  } catch {
    let tree = try DeviceTree(source)
    if let node = tree.console, let registers = try tree.range(0, of: node) {
      console = EmergencyConsole(base: registers.base)
    }
    throw error
  }
}

extension PowerConduit {
  /// The instruction that the tree names.
  fileprivate init(_ conduit: PSCIConduit?) {
    switch conduit {
    case .hvc: self = .hypervisor
    case .smc: self = .monitor
    case nil: self = .none
    }
  }
}

/// Finds the RAM that holds the image, and refuses what could not be mapped rightly.
private func checkMemory() throws(BootRefusal) {
  let uart = state.survey.facts.uart.registers.base
  var found = false
  for index in 0..<state.survey.facts.memory.count {
    let range = state.survey.memory(index)
    if range.base <= ImageLayout.ledger, ImageLayout.ledger < range.end {
      state.memoryBase = range.base
      state.memoryEnd = range.end
      guard range.base == ImageLayout.ledger else { throw .memoryBase(range.base) }
      guard range.size >= BootRefusal.leastMemory else { throw .memoryTooSmall(range.size) }
      found = range.end >= ImageLayout.end
    }
    if range.base &>> 30 <= uart &>> 30, uart &>> 30 <= (range.end &- 1) &>> 30 { throw .consoleBesideRAM(uart) }
  }
  guard found else { throw .notRAM(ImageLayout.ledger, ImageLayout.end) }
}

/// Refuses a tree or reserved memory where the image lies, or in the 2 MiB behind it, from which the core takes
/// what the memory server starts with.
private func checkPlaces(tree: UInt64) throws(BootRefusal) {
  let end = ImageLayout.end &+ ImageLayout.block
  func check(_ base: UInt64, _ limit: UInt64) throws(BootRefusal) {
    if base < end, limit > ImageLayout.ledger { throw .treeInTheWay(base) }
  }
  try check(tree, tree &+ UInt64(state.survey.facts.treeBytes))
  for index in 0..<state.survey.facts.reserved.count {
    let range = state.survey.reserved(index)
    try check(range.base, range.end)
  }
  if let disk = state.survey.facts.initialRAMDisk { try check(disk.base, disk.end) }
}

/// Maps the image's blocks, each for its one use, and the console. Both halves share the tables.
private func buildTables() throws(BootRefusal) -> UInt64 {
  let pool = BootPool(next: ImageLayout.pool >> 12, end: ImageLayout.poolEnd >> 12)
  guard var builder = TableBuilder(store: pool) else { throw .tables }
  do throws(TableRefusal) {
    try map(ImageLayout.ledger, ImageLayout.code, .data, &builder)
    try map(ImageLayout.code, ImageLayout.readOnly, .code, &builder)
    try map(ImageLayout.readOnly, ImageLayout.data, .readOnly, &builder)
    try map(ImageLayout.data, ImageLayout.end, .data, &builder)
    let console = (state.survey.facts.uart.registers.base >> 30) << 18
    try builder.map(console..<console &+ 1 << 18, at: 0, use: .emergencyConsole, largest: 1, smallest: 1)
  } catch {
    throw .tables
  }
  kernel.machine.kernelRoot = DirectMap.address(builder.root)
  kernel.machine.kernelBlockTable = builder.store.entry(table: builder.root, index: ImageLayout.code >> 30).frame
  return builder.root << 12
}

private func map(
  _ base: UInt64, _ end: UInt64, _ use: KernelUse, _ builder: inout TableBuilder<BootPool>
) throws(TableRefusal) {
  try builder.map(base >> 12..<end >> 12, at: base >> 12, use: use)
}

/// The tables of the image, cleared by the entry, handed out in order. Written before the MMU is on.
struct BootPool: TableStore {
  private var next: UInt64
  private let end: UInt64

  init(next: UInt64, end: UInt64) {
    self.next = next
    self.end = end
  }

  func entry(table frame: UInt64, index: UInt64) -> Descriptor {
    // Safety: only frames that `take` gave out come here, and index is below 512.
    Descriptor(raw: unsafe BootPool.words(frame)[Int(truncatingIfNeeded: index)])
  }

  mutating func setEntry(table frame: UInt64, index: UInt64, to entry: Descriptor) {
    // Safety: as above.
    unsafe BootPool.words(frame)[Int(truncatingIfNeeded: index)] = entry.raw
  }

  mutating func take() -> UInt64? {
    guard next < end else { return nil }
    next &+= 1
    return next &- 1
  }

  private static func words(_ frame: UInt64) -> UnsafeMutablePointer<UInt64> {
    // Safety: a frame of the pool, by its physical address, which is where it is with the MMU off.
    unsafe UnsafeMutablePointer(bitPattern: UInt(frame << 12)).unsafelyUnwrapped
  }
}
