import KernelCore

extension SimulatedSystem {
  /// A digest of everything that a kernel call can change: RAM with ledger, tasks, handles, objects,
  /// tables and the kernel's store, the kernel's own words, and the machine's registers.
  ///
  /// - Parameter thread: whose x0, x1 and x8 are left out, because a refusal is written there.
  package func digest(except thread: UInt64 = 0) -> Int {
    let kept = thread == 0 ? nil : message(of: thread)
    if var blank = kept {
      (blank[0], blank[1], blank.label) = (0, 0, 0)
      setMessage(blank, of: thread)
    }
    defer { if let kept { setMessage(kept, of: thread) } }
    var hasher = Hasher()
    kernel.machine.hash(into: &hasher)
    combineProcessor(&hasher)
    combineTables(&hasher)
    return hasher.finalize()
  }

  private func combineProcessor(_ hasher: inout Hasher) {
    hasher.combine(kernel.cpu.current)
    hasher.combine(kernel.cpu.ready)
    hasher.combine(kernel.machine.floatingPointOwner)
    hasher.combine(kernel.cpu.sliceIsArmed)
    hasher.combine(kernel.cpu.restarts)
    hasher.combine(kernel.timer.deadline)
    hasher.combine(kernel.timer.object)
    hasher.combine(kernel.log.sequence)
    hasher.combine(kernel.devices.isAttached)
    hasher.combine(kernel.devices.emergencyIsMapped)
    hasher.combine(kernel.facts.grownTables)
  }

  private func combineTables(_ hasher: inout Hasher) {
    hasher.combine(kernel.ram.reservedCount)
    hasher.combine(kernel.ram.memory)
    hasher.combine(kernel.ram.addedCount)
    hasher.combine(kernel.ram.cleared.first)
    hasher.combine(kernel.ram.cleared.end)
    hasher.combine(kernel.ram.published.first)
    hasher.combine(kernel.ram.published.end)
    hasher.combine(kernel.ram.publisher)
  }
}
