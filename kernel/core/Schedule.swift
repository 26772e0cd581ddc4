internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Counter ticks of a time slice: 10 ms.
  private var slice: UInt64 { machine.counterFrequency / 100 }

  /// Puts a thread into its ready queue, at the end, or at the start when it was preempted.
  package mutating func makeReady(_ address: UInt64, first: Bool = false) {
    let t = thread(address)
    t.pointee.state = ThreadState.ready
    guard t.pointee.isSuspended == 0 else { return }
    let priority = t.pointee.priority
    let index = Int(truncatingIfNeeded: priority & 63)
    machine.append(address, to: &store.pointee.ready[index])
    if first { store.pointee.ready[index] = address }
    cpu.ready |= 1 &<< priority
    if cpu.current != 0, cpu.current != address, thread(cpu.current).pointee.priority == priority { armSlice() }
  }

  /// Takes a thread out of its ready queue.
  package mutating func removeReady(_ address: UInt64) {
    let priority = thread(address).pointee.priority
    let index = Int(truncatingIfNeeded: priority & 63)
    machine.remove(address, from: &store.pointee.ready[index])
    if store.pointee.ready[index] == 0 { cpu.ready &= ~(1 &<< priority) }
  }

  /// The current thread waits from here on; `reschedule` finds another.
  mutating func block(_ address: UInt64, _ state: UInt64) {
    thread(address).pointee.state = state
    if cpu.current == address { cpu.current = 0 }
  }

  /// Lets the highest ready thread run if it is above the current one, or if there is none.
  mutating func reschedule() {
    if cpu.current != 0 {
      let above = (~1 &<< thread(cpu.current).pointee.priority)
      if cpu.ready & above == 0 { return }
      let preempted = cpu.current
      cpu.current = 0
      makeReady(preempted, first: true)
    }
    while cpu.ready == 0 { idle() }
    let index = 63 - cpu.ready.leadingZeroBitCount
    let next = store.pointee.ready[index]
    removeReady(next)
    if store.pointee.ready[index] != 0 { armSlice() }
    switchTo(next)
  }

  /// Makes a thread the current one, in its address space.
  @inline(__always) package mutating func switchTo(_ address: UInt64) {
    cpu.current = address
    quickSwitch(to: address)
  }

  /// The same by a quick form, which leaves `cpu.current` to the next entry.
  @inline(__always) mutating func quickSwitch(to address: UInt64) {
    let t = thread(address)
    machine.activate(translation: t.pointee.translation)
    machine.setFloatingPointAccess(t.pointee.floatingPointAccess)
  }

  /// Nobody is ready: sleeps until an interrupt makes somebody so.
  @inline(never) private mutating func idle() {
    machine.waitForInterrupt()
    takeInterrupt(machine.acknowledgeInterrupt())
  }

  /// Lets equals run.
  mutating func yield(_ caller: UInt64) {
    succeed(caller)
    rotate()
  }

  /// The current thread goes behind its equals.
  mutating func rotate() {
    let address = cpu.current
    guard address != 0, cpu.ready >> thread(address).pointee.priority & 1 != 0 else { return }
    cpu.current = 0
    makeReady(address)
  }

  /// Ends the running thread's turn after a slice, once interrupts are on.
  mutating func armSlice() {
    guard devices.isAttached, !cpu.sliceIsArmed else { return }
    cpu.sliceIsArmed = true
    timer.slice = machine.counter() &+ slice
    setTimer()
  }
}
