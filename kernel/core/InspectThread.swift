internal import ABI
internal import Machine

// What the memory server asks when it starts anew: what it knew of tasks and devices, the kernel knows too.
extension Kernel where M: ~Copyable {
  /// What the thread of a task does, and why it stopped; also of a task that is being destroyed.
  func inspectThread(_ caller: UInt64, _ own: UInt64) throws(Refusal) {
    let number = handleWord(caller)
    let owner =
      number == 0 ? own : try find(number, of: own, .task, rights: Rights.Task.control.rawValue).word.object
    let words = task(owner).pointee
    let t = thread(owner + Task.threadOffset)
    var flags = ThreadFlags()
    if t.pointee.isSuspended != 0 { flags.insert(.suspended) }
    if t.pointee.registers.instruction != 0 { flags.insert(.started) }
    if words.firstHandle != 0, handle(words.firstHandle).pointee.next != 0 { flags.insert(.shared) }
    if words.destroyPhase != 0 { flags.insert(.ending) }
    succeed(caller, t.pointee.state, flags.rawValue, words.faults)
    setWord(caller, 3, t.pointee.faultSyndrome)
    setWord(caller, 4, t.pointee.faultAddress)
    setWord(caller, 5, t.pointee.registers.instruction)
    // A task that runs keeps its registers to itself.
    setWord(caller, 6, t.pointee.isSuspended != 0 ? word(owner + Task.threadOffset, 0) : 0)
    setWord(caller, 7, words.mappedPages)
  }
}
