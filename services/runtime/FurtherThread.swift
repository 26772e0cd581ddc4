#if hasFeature(Embedded)
  internal import ABI
  internal import CRuntime
  public import Interfaces

  /// Threads of the calling task besides its first one.
  public enum FurtherThread {
    /// What a thread runs; it ends when this returns.
    public typealias Body = @convention(c) (UInt64) -> Void

    /// Makes a thread and starts it.
    ///
    /// The thread ends when `body` returns or when the last handle to it is dropped; then `slot` is empty again. Its
    /// stack is the caller's to give and to take back: a region with a page on either side that holds nothing.
    /// - Parameters:
    ///   - slot: takes the thread's handle.
    ///   - stackTop: one past the stack's last byte; a multiple of 16, mapped writable below.
    ///   - priority: 0–63, at most the calling thread's.
    /// - Throws: what `createThread` and `thread` refuse; then there is no thread.
    public static func start(
      slot: UInt64, stackTop: UInt64, priority: UInt64, argument: UInt64, _ body: Body
    ) throws(MemoryRefusal) {
      var gate = SystemGate()
      try Client<MemoryInterface>.own.createThread(slot: slot, &gate)
      // Safety: the caller names a stack of its own, mapped writable; a wrong address faults.
      let top = thread_record(stackTop, body, argument, slot)
      do throws(Refusal) {
        try gate.start(task: slot, entry: thread_entry(), stack: top, argument: 0, priority: priority)
      } catch {
        try? gate.drop(slot)
        throw MemoryRefusal(error)
      }
    }
  }
#endif
