import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

@Suite("Out of memory at every step") struct OutOfMemoryTests {
  /// Makes the request; nil when it was served.
  private func refusal(_ asked: Asked, _ system: TestSystem) throws -> MemoryRefusal? {
    var gate = system.client
    do {
      try asked.request(system, &gate)
      return nil
    } catch let error as MemoryRefusal {
      return error
    }
  }

  /// Tries with 0, 1, 2, … frames until the request is served; each refusal names both numbers and leaves no trace.
  private func grow(
    _ asked: Asked, _ reason: MemoryInterface.Reason, _ leave: (TestSystem, UInt64) -> Void
  ) throws {
    let system = try asked.system()
    for left: UInt64 in 0..<64 {
      leave(system, left)
      let before = try Books(system)
      guard let refusal = try refusal(asked, system) else {
        #expect(left > 0, "it takes a frame")
        #expect(try Books(system).free <= before.free || asked.payer == .nobody)
        return
      }
      #expect(refusal.cause == .service(reason), "with \(left) frames")
      #expect(refusal.limit == left && refusal.value > left, "with \(left) frames: \(refusal.value), \(refusal.limit)")
      #expect(try Books(system).differences(before) == [], "with \(left) frames")
    }
    Issue.record("never served")
  }

  @Test(
    "wherever RAM runs out, a request is refused with both numbers and has changed nothing",
    arguments: Asked.all + Asked.faults + Asked.cuts)
  func memory(_ asked: Asked) throws {
    try grow(asked, .outOfMemory) { $0.leave(frames: $1) }
  }

  @Test(
    "wherever the account runs out, a request is refused with both numbers and has changed nothing",
    arguments: (Asked.all + Asked.faults).filter { $0.payer != .nobody })
  func quota(_ asked: Asked) throws {
    try grow(asked, .quotaExceeded) { system, left in
      if let account = asked.account(system) { system.leave(quota: left, of: account) }
    }
  }

  @Test(
    "what gives back, takes rights away or only promises is served without a free frame and with accounts used up",
    arguments: Asked.free)
  func free(_ asked: Asked) throws {
    let system = try asked.system()
    let child = system.task(inSlot: 20)
    system.leave(frames: 0)
    if child != 0 { system.leave(quota: 0, of: child) }
    system.leave(quota: 0, of: system.running)
    #expect(try refusal(asked, system) == nil)
    _ = try Books(system)
  }

  @Test(
    "whichever of its kernel calls is refused, a request is refused with it and has changed nothing",
    arguments: Asked.all)
  func kernel(_ asked: Asked) throws {
    let system = try asked.system()
    let refused = Message(7, 9, label: Outcome.refused | Status.notPermitted.rawValue)
    let before = try Books(system)
    for step in 1..<1000 {
      var calls = 0
      var last: ABI.Operation?
      var inspected: UInt64?
      system.meddling.answers = { operation, message in
        // A slot can always be emptied. Of inspections of one kind in a row the first stands for all.
        guard operation != .drop, operation != .inspect || inspected != message[0] else { return nil }
        inspected = operation == .inspect ? message[0] : nil
        calls += 1
        if calls == step { last = operation }
        return calls == step ? refused : nil
      }
      let refusal = try refusal(asked, system)
      system.meddling.answers = nil
      guard let last else {
        #expect(refusal == nil)
        #expect(step > 1)
        return
      }
      #expect(refusal == MemoryRefusal(.kernel(.notPermitted), 7, limit: 9), "call \(step), \(last)")
      let differences = try Books(system).differences(before)
      #expect(differences == [], "call \(step), \(last)")
      guard refusal != nil, differences == [] else { return }
    }
    Issue.record("never served")
  }
}
