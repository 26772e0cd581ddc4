internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Carries out a kernel call of the current thread, whose x0–x10 and x19–x30 have been saved.
  public mutating func systemCall(_ number: UInt16) {
    let caller = cpu.current
    do throws(Refusal) {
      try perform(number, caller)
    } catch {
      refuse(caller, error)
    }
    if cpu.restarts {
      cpu.restarts = false
      thread(caller).pointee.registers.instruction &-= 4
    } else if ram.publisher == caller {
      forgetPublished()
    }
    reschedule()
  }

  /// One flat match, on the number itself: it is looked up once. A call either throws and has changed nothing, or has
  /// written its results.
  @inline(__always)
  private mutating func perform(_ number: UInt16, _ caller: UInt64) throws(Refusal) {
    switch number {
    case Operation.call.rawValue: try call(caller)
    case Operation.replyReceive.rawValue: try replyReceive(caller)
    case Operation.receive.rawValue: try receive(caller)
    case Operation.saveReply.rawValue: try saveReply(caller)
    case Operation.reply.rawValue: try reply(caller)
    case Operation.forward.rawValue: try forward(caller)
    case Operation.signal.rawValue: try signal(caller)
    case Operation.wait.rawValue: try wait(caller)
    case Operation.yield.rawValue: yield(caller)
    case Operation.copy.rawValue: try copyHandle(caller)
    case Operation.drop.rawValue: try drop(caller)
    case Operation.revoke.rawValue: try revoke(caller)
    case Operation.claim.rawValue: try claim(caller)
    case Operation.create.rawValue: try create(caller)
    case Operation.region.rawValue: try region(caller)
    case Operation.map.rawValue: try map(caller)
    case Operation.unmap.rawValue: try unmap(caller)
    case Operation.copyPage.rawValue: try copyPage(caller)
    case Operation.inspect.rawValue: try inspect(caller)
    case Operation.thread.rawValue: try threadAction(caller)
    case Operation.destroy.rawValue: try destroy(caller)
    case Operation.interrupt.rawValue: try interruptAction(caller)
    case Operation.deadline.rawValue: try deadline(caller)
    case Operation.log.rawValue: try log(caller)
    case Operation.power.rawValue: try power(caller)
    case Operation.null.rawValue: succeed(caller)
    case Operation.protect.rawValue: try protect(caller)
    case Operation.privatize.rawValue: try privatize(caller)
    case Operation.quota.rawValue: try setQuota(caller)
    case Operation.resize.rawValue: try resize(caller)
    default: throw Refusal(.invalidOperation, UInt64(number))
    }
  }

  /// A word of the message, x0–x10, as the thread gave it.
  @inline(__always) func word(_ caller: UInt64, _ index: Int) -> UInt64 {
    thread(caller).pointee[index]
  }
  /// The slot that the call acts on: x9.
  @inline(__always) func handleWord(_ caller: UInt64) -> UInt64 { word(caller, 9) }

  /// Writes a result register.
  @inline(__always) func setWord(_ caller: UInt64, _ index: Int, _ value: UInt64) {
    thread(caller).pointee[index] = value
  }

  /// Ends a call that is no message: status 0 and the results.
  @inline(__always)
  func succeed(_ caller: UInt64, _ x0: UInt64 = 0, _ x1: UInt64 = 0, _ x2: UInt64 = 0) {
    let registers = thread(caller)
    registers.pointee[0] = x0
    registers.pointee[1] = x1
    registers.pointee[2] = x2
    registers.pointee.label = 0
  }

  /// Ends a call with a refusal.
  func refuse(_ caller: UInt64, _ refusal: Refusal) {
    let registers = thread(caller)
    registers.pointee[0] = refusal.value
    registers.pointee[1] = refusal.limit
    registers.pointee.label = Outcome.refused | refusal.status.rawValue
  }

  /// Makes the running call start again with the registers as they are: between two steps of long work an
  /// interrupt waits.
  mutating func restart() { cpu.restarts = true }
}
