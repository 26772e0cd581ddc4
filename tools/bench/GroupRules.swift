extension Groups {
  /// The table for the kernel's and the memory server's functions. Its order is that of the groups on the page; rules
  /// of one function are tried in this order, too.
  static let table = entry + calls + interrupts + switches + spaces + ways + server

  private static let entry =
    ["vectors", "no_call", "other", "map", "wait"].map { Rule("registers saved", $0, "save_") }
    + ["vectors", "no_call", "other", "map", "wait", "quick_calls"].map { Rule("entry", $0) }

  private static let calls = [
    Rule("handle and right", "Kernel.quickHandle"), Rule("handle and right", "Kernel.quickCall", "found.pointee"),
    Rule("handle and right", "Kernel.quickFault", "found.pointee"),
    Rule("handle and right", "Kernel.quickWait", "found.pointee"),
    Rule("receiver", "Kernel.quickReplyReceive", "e.pointee.queue == 0"),
    Rule("priority and suspension", "Kernel.quickReceiver", "isSuspended"),
    Rule("priority and suspension", "Kernel.quickReplyReceive", "isSuspended"),
    Rule("priority and suspension", "Kernel.quickWait", "cpu.ready"),
    Rule("receiver", "Kernel.quickReceiver"),
    Rule("notification", "Kernel.quickReplyReceive", "bound"), Rule("notification", "Kernel.quickWait", "n.pointee"),
    Rule("reply owed", "Kernel.quickHand", "aller"), Rule("reply owed", "Kernel.quickHand", "s.pointee"),
    Rule("reply owed", "Kernel.quickReplyReceive", "caller"),
    Rule("fault's facts", "Kernel.quickReplyReceive", "isFault"), Rule("fault's facts", "Kernel.quickFault"),
    Rule("fault's facts", "kernelQuickFault"), Rule("fault's facts", "SavedRegisters*"),
  ]

  private static let interrupts = [
    Rule("priority and suspension", "Kernel.quickWaiter", "isSuspended"),
    Rule("priority and suspension", "Kernel.quickWaiter", "riority"), Rule("receiver", "Kernel.quickWaiter"),
    Rule("notification", "Kernel.quickWake", ".bits"), Rule("notification", "Kernel.quickWake", "isBound"),
    Rule("notification", "Kernel.quickWake", "n.pointee.queue = 0"), Rule("links and states", "Kernel.quickWake"),
    Rule("interrupt's number and object", "Kernel.interruptHolder"), Rule("interrupt's number and object", "GIC*"),
    Rule("interrupt's number and object", "Hardware.acknowledgeInterrupt"),
    Rule("interrupt's number and object", "kernelQuickInterrupt", "acknowledge"),
    Rule("interrupt's number and object", "Kernel.quickInterrupt", "umber"),
    Rule("interrupt's number and object", "Kernel.quickInterrupt", "holder"),
    Rule("interrupt's number and object", "Kernel.quickWait", "source"),
    Rule("notification", "Kernel.quickInterrupt", "otification"),
    Rule("notification", "Kernel.quickInterrupt", ".bits"),
    Rule("interrupt's number and object", "Kernel.quickInterrupt", "source"),
    Rule("receiver", "Kernel.quickInterrupt", "aiter"),
  ]

  private static let switches = [
    Rule("links and states", "Kernel.quickHand"), Rule("links and states", "Kernel.quickReplyReceive"),
    Rule("links and states", "Kernel.quickInterrupt"), Rule("links and states", "Kernel.quickWait"),
    Rule("address space and FP", "Kernel.quickSwitch"), Rule("address space and FP", "cpu_write_*"),
  ]

  private static let spaces = [
    Rule("task and region", "Kernel.quickSpace"), Rule("task and region", "Kernel.quickRegion"),
    Rule("task and region", "Kernel.hintedRegion"), Rule("task and region", "Kernel.isRegion"),
    Rule("task and region", "Kernel.quickMap", "area"),
    Rule("descriptor written", "Descriptor.page"), Rule("descriptor written", "Descriptor.task"),
    Rule("descriptor written", "Descriptor.permissions"), Rule("descriptor written", "Descriptor.data"),
    Rule("descriptor written", "Kernel.quickMap", "setDescriptor"),
    Rule("Memory and frame", "Kernel.quickHomeFrame"),
    Rule("Memory and frame", "Kernel.quickMap", "shown.pointee.frame"),
    Rule("Memory and frame", "Kernel.quickMap", "shown.pointee.kind"),
    Rule("Memory and frame", "Kernel.quickMap", "home"),
    Rule("Memory and frame", "Kernel.quickMap", "pinned"),
    Rule("walk", "Kernel.quickLeaf"), Rule("walk", "Kernel.entry"),
    Rule("entry empty, its 16 not whole", "Kernel.quickMap", "descriptor(table"),
    Rule("entry empty, its 16 not whole", "Kernel.quickMap", "far"),
    Rule("entry empty, its 16 not whole", "Kernel.quickMap", "frame) & 15"),
    Rule("books of region, task and table", "Kernel.quickMap", "&+= 1"),
    Rule("books of region, task and table", "Kernel.quickMap", "ledger"),
    Rule("books of region, task and table", "Task.noteLeaf"),
    Rule("barriers", "cpu_dsb*"), Rule("barriers", "cpu_isb"),
  ]

  private static let ways = [
    Rule("arguments and results", "kernelQuick*"), Rule("arguments and results", "Kernel.quickCall"),
    Rule("arguments and results", "Kernel.quickMap"),
    Rule("way out", "quick_exit"), Rule("way out", "kernel_exit"),
    Rule("way out", "quick_return*"),
  ]

  private static let server = [
    Rule("server: kernel calls", "Gate.*"), Rule("server: kernel calls", "apus_call_*"),
    Rule("server: kernel calls", "Message.*"), Rule("server: loop", "Server.*"),
    Rule("server: loop", "MemoryServer.serve"), Rule("server: what faulted", "Fault.*"),
    Rule("server: spare frames", "MemoryServer.give"), Rule("server: brings the page", "MemoryServer.bring*"),
    Rule("server: brings the page", "MemoryServer.show*"), Rule("server: brings the page", "MemoryServer.faulted"),
    Rule("client", "fault_read"), Rule("client", "touch*"),
  ]
}
