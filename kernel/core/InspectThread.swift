internal import ABI
internal import Machine

// What the memory server asks when it starts anew: what it knew of tasks and devices, the kernel knows too.
extension Kernel where M: ~Copyable {
  /// What a thread of a task does, and why it stopped; also of a task that is being destroyed. x1 counts its threads, the
  /// first one 0; which of the others is which is the order of their list.
  func inspectThread(_ caller: UInt64, _ own: UInt64) throws(Refusal) {
    let number = handleWord(caller)
    let owner =
      number == 0 ? own : try find(number, of: own, .task, rights: Rights.Task.control.rawValue).word.object
    let words = task(owner).pointee
    let wanted = word(caller, 1)
    guard wanted <= words.threadCount else { throw Refusal(.outOfRange, wanted, limit: words.threadCount + 1) }
    var address = wanted == 0 ? owner + Task.threadOffset : words.threads
    var passed: UInt64 = 1
    while passed < wanted {
      address = thread(address).pointee.nextOfTask
      passed += 1
    }
    let t = thread(address)
    var flags = ThreadFlags()
    if t.pointee.isSuspended != 0 { flags.insert(.suspended) }
    if t.pointee.registers.instruction != 0 { flags.insert(.started) }
    if words.firstHandle != 0, handle(words.firstHandle).pointee.next != 0 { flags.insert(.shared) }
    if words.destroyPhase != 0 { flags.insert(.ending) }
    if words.hasExited != 0 { flags.insert(.exited) }
    succeed(caller, t.pointee.state, flags.rawValue, words.faults)
    setWord(caller, 3, t.pointee.faultSyndrome)
    setWord(caller, 4, t.pointee.faultAddress)
    setWord(caller, 5, t.pointee.registers.instruction)
    setWord(caller, 6, words.exitStatus)
    setWord(caller, 7, words.mappedPages)
  }
}
