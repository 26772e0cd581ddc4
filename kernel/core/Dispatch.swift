internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Carries out a kernel call of the current thread, whose x0–x10, x19–x30 have been saved.
  public mutating func systemCall(_ number: UInt16) {
    let caller = cpu.current
    do throws(Refusal) {
      guard let operation = Operation(rawValue: number) else {
        throw Refusal(.invalidOperation, UInt64(number))
      }
      try perform(operation, caller)
    } catch {
      refuse(caller, error)
    }
    if cpu.restarts {
      cpu.restarts = false
      thread(caller).pointee.registers.instruction &-= 4
    }
    reschedule()
  }

  /// One flat match. A call either throws and has changed nothing, or has written its results.
  @inline(__always)
  private mutating func perform(_ operation: Operation, _ caller: UInt64) throws(Refusal) {
    switch operation {
    case .call: try call(caller)
    case .replyReceive: try replyReceive(caller)
    case .receive: try receive(caller)
    case .saveReply: try saveReply(caller)
    case .reply: try reply(caller)
    case .forward: try forward(caller)
    case .signal: try signal(caller)
    case .wait: try wait(caller)
    case .yield: yield(caller)
    case .copy: try copyHandle(caller)
    case .drop: try drop(caller)
    case .revoke: try revoke(caller)
    case .claim: try claim(caller)
    case .create: try create(caller)
    case .region: try region(caller)
    case .map: try map(caller)
    case .unmap: try unmap(caller)
    case .copyPage: try copyPage(caller)
    case .inspect: try inspect(caller)
    case .thread: try threadAction(caller)
    case .destroy: try destroy(caller)
    case .interrupt: try interruptAction(caller)
    case .deadline: try deadline(caller)
    case .log: try log(caller)
    case .power: try power(caller)
    case .null: succeed(caller)
    case .protect: try protect(caller)
    case .privatize: try privatize(caller)
    case .quota: try setQuota(caller)
    }
  }

  /// A word of the message, x0–x10, as the thread gave it.
  @inline(__always) func word(_ caller: UInt64, _ index: Int) -> UInt64 {
    thread(caller).pointee.registers.x[index]
  }
  /// The slot that the call acts on: x9.
  @inline(__always) func handleWord(_ caller: UInt64) -> UInt64 { word(caller, 9) }

  /// Writes a result register.
  @inline(__always) func setWord(_ caller: UInt64, _ index: Int, _ value: UInt64) {
    thread(caller).pointee.registers.x[index] = value
  }

  /// Ends a call that is no message: status 0 and the results.
  @inline(__always)
  func succeed(_ caller: UInt64, _ x0: UInt64 = 0, _ x1: UInt64 = 0, _ x2: UInt64 = 0) {
    let registers = thread(caller)
    registers.pointee.registers.x[0] = x0
    registers.pointee.registers.x[1] = x1
    registers.pointee.registers.x[2] = x2
    registers.pointee.registers.x[8] = 0
  }

  /// Ends a call with a refusal.
  func refuse(_ caller: UInt64, _ refusal: Refusal) {
    let registers = thread(caller)
    registers.pointee.registers.x[0] = refusal.value
    registers.pointee.registers.x[1] = refusal.limit
    registers.pointee.registers.x[8] = Outcome.refused | refusal.status.rawValue
  }

  /// Makes the running call start again with the registers as they are: between two steps of long work an
  /// interrupt waits.
  mutating func restart() { cpu.restarts = true }
}
