internal import AArch64
internal import ABI
internal import Machine

/// The objects of the interrupts, by INTID; the ITS is withheld, so 1,020 suffice.
package struct InterruptTable {
  private var objects: InlineArray<1020, UInt32> = .init(repeating: 0)

  /// Stands for an interrupt that came while it had no object: it is active until its next owner acknowledges.
  static var stray: UInt64 { 128 }

  /// Physical address of an INTID's object, 0 or `stray`. Objects are 128-byte aligned.
  package subscript(_ number: UInt64) -> UInt64 {
    get { UInt64(objects[Int(truncatingIfNeeded: number)]) << 7 }
    set { objects[Int(truncatingIfNeeded: number)] = UInt32(truncatingIfNeeded: newValue >> 7) }
  }
}

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
  /// Takes an interrupt that came while a task ran, whose registers have been saved.
  public mutating func interrupt() {
    takeInterrupt()
    reschedule()
  }

  mutating func takeInterrupt() {
    let number = machine.acknowledgeInterrupt()
    guard number < InterruptNumber.none else { return }
    if number == InterruptNumber.timer {
      timerExpired()
      machine.dropPriority(number)
      machine.deactivate(number)
      return
    }
    machine.dropPriority(number)
    // An interrupt that nobody holds stays active, so that it cannot come again.
    let object = interrupts[UInt64(number)]
    guard object > InterruptTable.stray else { return interrupts[UInt64(number)] = InterruptTable.stray }
    interruptObject(object).pointee.isActive = 1
    raise(object)
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
