internal import AArch64
internal import ABI
internal import Machine

/// Stands for an interrupt that came while it had no object: it is active until its next owner acknowledges.
package var strayInterrupt: UInt64 { 128 }

/// The kernel's timer: the end of a time slice, and the one deadline.
package struct Timer {
  /// Count at which the running slice ends; valid while one is armed.
  package var slice: UInt64 = 0
  /// Count of the deadline; 0: none.
  package var deadline: UInt64 = 0
  /// The object behind the Timer handle.
  package var object: UInt64 = 0
}

extension Kernel where M: ~Copyable {
  /// Takes an interrupt that was acknowledged while a task ran, whose registers have been saved.
  public mutating func interrupt(_ number: UInt32) {
    takeInterrupt(number)
    reschedule()
  }

  mutating func takeInterrupt(_ number: UInt32) {
    guard number < InterruptNumber.none else { return }
    if number == InterruptNumber.timer {
      timerExpired()
      machine.deactivate(number)
      return
    }
    // An interrupt that nobody holds stays active, so that it cannot come again.
    let holder = interruptHolder(UInt64(number))
    guard holder > strayInterrupt else { return setInterruptHolder(UInt64(number), strayInterrupt) }
    interruptObject(DirectMap.base | holder).pointee.isActive = 1
    raise(DirectMap.base | holder)
  }

  /// Signals the notification bound to an interrupt, the timer or the log.
  mutating func raise(_ object: UInt64) {
    let source = interruptObject(object)
    source.pointee.deliveries += 1
    guard source.pointee.notification != 0 else { return }
    setBits(source.pointee.bits, of: source.pointee.notification)
  }

  private mutating func timerExpired() {
    let now = machine.counter()
    if cpu.sliceIsArmed, now >= timer.slice {
      cpu.sliceIsArmed = false
      rotate()
    }
    if timer.deadline != 0, now >= timer.deadline {
      timer.deadline = 0
      raise(timer.object)
    }
    setTimer()
  }

  /// Programs the hardware for whichever comes first.
  mutating func setTimer() {
    let slice: UInt64 = cpu.sliceIsArmed ? timer.slice : .max
    let next = min(slice, timer.deadline == 0 ? .max : timer.deadline)
    machine.setTimer(next == .max ? nil : next)
  }

  /// `deadline`: x0 the count at which the Timer's notification is signalled; 0 takes it back.
  mutating func deadline(_ caller: UInt64) throws(Refusal) {
    _ = try find(handleWord(caller), of: thread(caller).pointee.task, .timer, rights: 1)
    timer.deadline = word(caller, 0)
    setTimer()
    succeed(caller)
  }
}
