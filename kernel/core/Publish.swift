internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// Frames that are cleared (144 instructions each) or become visible to instruction fetch (300) with interrupts masked.
  var framesBetweenLooks: UInt64 { 8 }

  /// Makes frames visible to instruction fetch before a call maps them or lets them be executed. Where an interrupt waits
  /// between two steps the call starts over and goes on behind what is visible already; what was cleared just before is
  /// not cleared again. Nothing else has been changed yet.
  @inline(never) mutating func publish(_ first: UInt64, _ count: UInt64, areCleared: Bool = false) -> Bool {
    let frames = FrameRange(first, first + count)
    let isResumed = ram.published.first == first && ram.publisher == cpu.current
    var next = isResumed ? min(ram.published.end, frames.end) : first
    // Clearing was a step.
    var isDue = areCleared && !isResumed
    while next < frames.end {
      if isDue, machine.interruptIsPending() {
        ram.published = FrameRange(first, next)
        ram.publisher = cpu.current
        if areCleared { ram.cleared = frames }
        restart()
        return false
      }
      let end = min(next + framesBetweenLooks, frames.end)
      for frame in next..<end { machine.synchronizeInstructions(frame: frame) }
      next = end
      isDue = true
    }
    return true
  }

  /// The call that published is over, or its thread begins anew. Unlike frames that were cleared these may be in use: who
  /// writes there later is not to find the record.
  mutating func forgetPublished() {
    ram.published = FrameRange(0, 0)
    ram.publisher = 0
  }
}
