internal import ABI
internal import Interfaces
internal import Runtime
internal import TrialRegisters

private enum Place {
  static var shown: UInt64 { 37 }
  static var zeroed: UInt64 { 38 }
  /// Under a leaf table that is there.
  static var shownPage: UInt64 { 0x8040 }
  static var zeroedPage: UInt64 { 0x8041 }
}

/// Faults of the child, with a pager that has nothing to decide.
extension Root {
  mutating func measureFaults() throws(Refusal) {
    try gate.makeRegion(
      task: Slot.child, slot: Place.shown, page: Place.shownPage, pages: 1, rights: .read,
      memory: HandOver.Slot.bundle, offset: 0)
    try gate.makeRegion(
      task: Slot.child, slot: Place.zeroed, page: Place.zeroedPage, pages: 1, rights: [.read, .write])
    var message = try gate.receive(on: Slot.endpoint)
    var told = FaultCost()
    var before = FaultCost()
    for _ in 0..<3 {
      before = told
      told = try touch(&message, Place.shown, Place.shownPage, frame: 0)
    }
    log("faultDeliver", before.deliver, told.deliver, &gate)
    log("faultResume", before.resume, told.resume, &gate)
    log("faultRoundTripPager", before.whole, told.whole, &gate)
    for _ in 0..<3 {
      before = told
      told = try touch(&message, Place.zeroed, Place.zeroedPage, frame: block)
    }
    log("faultZeroPagePager", before.whole, told.whole, &gate)
    var first: UInt64 = 0
    for _ in 0..<3 {
      first = message[0]
      // This task owns the registers now; the child's first use saves them and loads its own.
      _ = registers_with_secret()
      message = Message(ChildCommand.float, handle: Slot.endpoint)
      gate.invoke(.replyReceive, &message)
    }
    log("fpSwitch", first, message[0], &gate)
  }

  private struct FaultCost {
    var deliver: UInt64 = 0
    var resume: UInt64 = 0
    var whole: UInt64 = 0
  }

  /// Lets the child touch a page, maps it, and takes it away again. `message` is the child's call, then its next.
  private mutating func touch(_ message: inout Message, _ region: UInt64, _ page: UInt64, frame: UInt64)
    throws(Refusal) -> FaultCost
  {
    message = Message(ChildCommand.touch, page << 12, handle: Slot.endpoint)
    gate.invoke(.replyReceive, &message)
    let delivered = Counter.kernelInstructions
    _ = try gate.map(
      task: Slot.child, region: region, page: page, count: 1, frame: frame, authority: HandOver.Slot.memory)
    let resumed = Counter.kernelInstructions
    message = Message(handle: Slot.endpoint)
    gate.invoke(.replyReceive, &message)
    try unmap(region: region, page: page, count: 1)
    // What the reads of the counters are is taken off, the child's three and the pager's two.
    return FaultCost(
      deliver: delivered &- message[0], resume: message[1] &- resumed, whole: message[2] &- 5)
  }
}
