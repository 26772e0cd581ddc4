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
    hasher.combine(kernel.machine.floatingPointOwner)
    for word in KernelWords(kernel).values { hasher.combine(word) }
    return hasher.finalize()
  }
}
