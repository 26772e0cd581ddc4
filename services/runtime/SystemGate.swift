#if hasFeature(Embedded)
  public import ABI
  internal import CRuntime
  public import Interfaces

  /// The kernel, by `svc`. With a constant operation, a call folds to argument moves, `svc`, and whatever the caller
  /// does with the result.
  @frozen public struct SystemGate: Gate {
    /// The gate has no state.
    @inlinable public init() {}

    /// Makes one kernel call.
    @inline(__always)
    public mutating func invoke(_ operation: Operation, _ message: inout Message) {
      let w = message.words
      let (x8, x9, x10) = (message.label, message.handle, message.transfer)
      let r =
        switch operation {
        case .call: apus_call_0(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .replyReceive: apus_call_1(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .receive: apus_call_2(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .saveReply: apus_call_3(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .reply: apus_call_4(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .forward: apus_call_5(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .signal: apus_call_6(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .wait: apus_call_7(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .yield: apus_call_8(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .copy: apus_call_9(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .drop: apus_call_10(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .revoke: apus_call_11(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .claim: apus_call_12(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .create: apus_call_13(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .region: apus_call_14(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .map: apus_call_15(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .unmap: apus_call_16(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .copyPage: apus_call_17(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .inspect: apus_call_18(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .thread: apus_call_19(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .destroy: apus_call_20(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .interrupt: apus_call_21(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .deadline: apus_call_22(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .log: apus_call_23(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .power: apus_call_24(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .null: apus_call_25(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .protect: apus_call_26(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .privatize: apus_call_27(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .quota: apus_call_28(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        case .resize: apus_call_29(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], x8, x9, x10)
        }
      message = Message(
        r.w0, r.w1, r.w2, r.w3, r.w4, r.w5, r.w6, r.w7, label: r.label, handle: r.handle, transfer: r.transfer)
    }
  }

  /// The counter that the kernel's deadlines and log records are in.
  public enum Counter {
    /// The count now: CNTVCT_EL0.
    @inline(__always) public static var now: UInt64 { apus_counter() }
    /// Counts a second: CNTFRQ_EL0.
    @inline(__always) public static var frequency: UInt64 { apus_counter_frequency() }
    /// Instructions between two reads with nothing between them: 1 where instructions are counted, else 0.
    @inline(__always) public static var emptyPair: UInt64 { apus_empty_pair() }
    /// Instructions that were executed at EL0 and EL1, by whomever.
    @inline(__always) public static var instructions: UInt64 { apus_instructions() }
    /// Instructions that the kernel executed, at EL1: PMU event 0x08. Exact under QEMU's -icount.
    @inline(__always) public static var kernelInstructions: UInt64 { apus_kernel_instructions() }
  }
#endif
