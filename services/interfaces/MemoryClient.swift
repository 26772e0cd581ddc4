public import ABI

// The client's calls. `task` is the slot of a Task handle that goes along; 0 is the caller itself.
extension Client where Service == MemoryInterface {
  /// The caller's own session.
  @inlinable public static var own: Client { Client(slot: WellKnownSlot.memory) }

  /// Private zeroed pages at `page`, as a region in `slot`.
  @inlinable public func allocate(
    slot: UInt64, page: UInt64, pages: UInt64, rights: Rights.Memory, task: UInt64 = 0,
    _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let rights = UInt64(rights.rawValue)
    _ = try callUntilDone(.allocate(slot: slot, page: page, pages: pages, rights: rights), pass: task, &gate)
  }

  /// Gives the region in `slot` back.
  @inlinable public func free(slot: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    _ = try callUntilDone(.free(slot: slot), pass: task, &gate)
  }

  /// Gives the region in `slot` other rights.
  @inlinable public func protect(
    slot: UInt64, rights: Rights.Memory, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    _ = try callUntilDone(.protect(slot: slot, rights: rights.rawValue), pass: task, &gate)
  }

  /// Makes the task of a bundle's entry; its handle appears in `slot`. Returns its session.
  @inlinable public func createTask(entry: UInt64, slot: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> UInt64
  {
    try call(.createTask(entry: entry, slot: slot), &gate)[0]
  }

  /// Ends a task and takes everything back that it held; the caller drops its handle.
  ///
  /// A handle that is gone names a task that has ended: a server that died at it has finished it when it came back.
  @inlinable public func destroyTask(_ task: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    do throws(MemoryRefusal) { _ = try callUntilDone(.destroyTask, pass: task, &gate) } catch {
      guard error.cause == .call(.wrongKind), error.value == ObjectKind.gone.rawValue else { throw error }
    }
  }

  /// Maps a segment of the bundle in a task.
  @inlinable public func load(
    slot: UInt64, page: UInt64, offset: UInt64, filePages: UInt64, memoryPages: UInt64, rights: Rights.Memory,
    task: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) {
    let request = Service.Request.load(
      slot: slot, page: page, offset: offset, filePages: filePages, memoryPages: memoryPages, rights: rights.rawValue)
    _ = try callUntilDone(request, pass: task, &gate)
  }

  /// Makes an endpoint in the caller's `slot` with all rights, charged to `task`.
  @inlinable public func createEndpoint(slot: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    _ = try call(.createEndpoint(slot: slot), pass: task, &gate)
  }

  /// Makes a notification in the caller's `slot` with all rights, charged to `task`.
  @inlinable public func createNotification(slot: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    _ = try call(.createNotification(slot: slot), pass: task, &gate)
  }

  /// Makes a further thread of `task`, with its handle in the caller's `slot`; `thread` starts it.
  @inlinable public func createThread(slot: UInt64, task: UInt64 = 0, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    _ = try call(.createThread(slot: slot), pass: task, &gate)
  }

  /// Leases range `index` of a granted device, mapped at `page`; at most `pages` pages of it (0: all).
  @inlinable public func lease(
    _ grant: Name, index: UInt64, slot: UInt64, page: UInt64, pages: UInt64 = 0, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Lease {
    Lease(try call(.lease(grant: grant, index: index, slot: slot, page: page, pages: pages), &gate))
  }

  /// Gives the lease in `slot` back.
  @inlinable public func releaseLease(slot: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try callUntilDone(.releaseLease(slot: slot), &gate)
  }

  /// Puts a handle to interrupt `index` of a granted device in `slot`.
  @inlinable public func interrupt(_ grant: Name, index: UInt64, slot: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    _ = try call(.interrupt(grant: grant, index: index, slot: slot), &gate)
  }

  /// Gives the kernel its interrupt controller.
  @inlinable public func attach(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try call(.attach, &gate)
  }

  /// Asks for a signal on a notification when an event waits.
  @inlinable public func supervise(notification: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try call(.supervise, pass: notification, &gate)
  }

  /// The next event; refused `noEvent` when none waits.
  @inlinable public func nextEvent(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> TaskEvent {
    TaskEvent(try call(.nextEvent, &gate))
  }

  /// Ends the calling task. Returns only where the server refuses.
  @inlinable public func exit(status: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try call(.exit(status: status), &gate)
  }

  /// Maps the kernel's log ring at `page`.
  @inlinable public func mapLog(slot: UInt64, page: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try call(.mapLog(slot: slot, page: page), &gate)
  }

  /// Maps the bundle at `page`; returns its length in bytes.
  @inlinable public func mapBundle(slot: UInt64, page: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> UInt64
  {
    try call(.mapBundle(slot: slot, page: page), &gate)[0]
  }
}

// What the ledger and the tasks' accounts say.
extension Client where Service == MemoryInterface {
  /// The frames of RAM by kind.
  @inlinable public func memoryCounts(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> MemoryCounts {
    MemoryCounts(try call(.memoryCounts, &gate))
  }

  /// The first task at or after a session number; refused `endOfList` behind the last.
  @inlinable public func task(at session: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal)
    -> TaskFacts
  {
    TaskFacts(try call(.taskAt(session: session), &gate))
  }

  /// The tables of a task.
  @inlinable public func tableCounts(session: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal)
    -> TableCounts
  {
    TableCounts(try call(.tableCounts(session: session), &gate))
  }

  /// The first region of a task at or after a slot; refused `endOfList` behind the last.
  @inlinable public func region(session: UInt64, at slot: UInt64, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> RegionFacts
  {
    RegionFacts(try call(.regionAt(session: session, slot: slot), &gate))
  }

  /// A device of the tree; refused `endOfList` behind the last.
  @inlinable public func device(at index: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal)
    -> DeviceFacts
  {
    DeviceFacts(try call(.deviceAt(index: index), &gate))
  }

  /// What the MMU makes of an address in a task's space: PAR_EL1 of a read at EL1, or at EL0.
  @inlinable public func probe(session: UInt64, address: UInt64, asTask: Bool, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> UInt64
  {
    try call(.probe(session: session, address: address, asTask: Flag(asTask)), &gate)[0]
  }

  /// Says that all is started.
  @inlinable public func started(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    _ = try call(.started, &gate)
  }

  /// Says that bytes from a physical address on are RAM, which the system may use from now on. Returns the frames of all
  /// RAM.
  @inlinable @discardableResult public func addMemory(
    address: UInt64, bytes: UInt64, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> UInt64 {
    try call(.addMemory(address: address, bytes: bytes), &gate)[0]
  }

  /// Compares a section of the server's index with the ledger; refused `endOfList` behind the last.
  @inlinable public func verify(section: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal)
    -> IndexFacts
  {
    IndexFacts(try call(.verify(section: section), &gate))
  }
}
