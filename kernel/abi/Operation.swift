/// The kernel calls: the number is the immediate of `svc`.
///
/// Registers in: x0–x7 the words, x8 the label, x9 the slot of the handle that the call acts on, x10 the
/// slots for handles that travel (`Transfer`). Registers out: x8 status or label (`Outcome`), x0–x7 the
/// words, x9 the badge, x10 the slot in which a handle arrived. x11–x18 come back holding nothing of
/// another task; x19–x30, sp and the thread pointer are kept.
///
/// docs/syscalls.md lists the rights and refusals of each; a test compares the two.
public enum Operation: UInt16, Sendable {
  /// Sends eight words to an endpoint and waits for the reply.
  case call = 0
  /// Answers the caller that this thread owes a reply, then receives on an endpoint.
  case replyReceive = 1
  /// Receives on an endpoint, or from the notification bound to this thread. x0: slot of an interrupt to
  /// acknowledge first, or 0.
  case receive = 2
  /// Moves the reply that this thread owes into slot x0, to be given later.
  case saveReply = 3
  /// Answers a saved reply (x9: its slot; 0: the caller this thread owes) without receiving.
  case reply = 4
  /// Hands the caller that this thread owes a reply on to another endpoint, with the words given.
  case forward = 5
  /// Sets the bits of the handle's badge in a notification.
  case signal = 6
  /// Waits for a notification; x9 returns its bits. x0: slot of an interrupt to acknowledge first, or 0.
  case wait = 7
  /// Lets the next ready thread of the same priority run.
  case yield = 8
  /// Copies a handle: x0 task (0: own), x1 slot, x2 rights kept, x3 badge (0: keep).
  case copy = 9
  /// Empties slot x9 of task x0 (0: own); of another task a region alone.
  case drop = 10
  /// Drops all other handles of the object; of a badged handle, those with its badge.
  case revoke = 11
  /// Claims section x0 of RAM for the authority over RAM in x9; x1: a spare frame for the kernel's own map. By the
  /// authority over device space: the x1 frames from x0 on are RAM from now on.
  case claim = 12
  /// Makes an object: see `ObjectKind` for the words.
  case create = 13
  /// Makes a region in task x9: x0 slot, x1 page, x2 pages, x3 rights, x4 Memory slot (0: private), x5 offset,
  /// x6 `RegionFlags`. Returns x0 the tables that its first page lacks.
  case region = 14
  /// Maps pages of a region, at most one leaf table: x0 region slot, x1 page, x2 count, x3 first frame,
  /// x4 and x5 spare frames for tables, x6 slot of the Memory authority. Returns x0 pages, x1 spares taken, x2 a table
  /// that came free.
  case map = 15
  /// Unmaps the first pages of a range that are mapped and lie together: x0 region slot, x1 page, x2 count, x4 a spare
  /// frame where a block is split, x6 slot of the Memory authority. Returns x0 pages handled, x1 and x2 tables that came
  /// free, x3 the first frame that did, x4 how many, x5 the spare if it was taken.
  case unmap = 16
  /// Copies page x2 of Memory x1 into the private page x0 of task x9.
  case copyPage = 17
  /// Reads facts: x0 selects (`Inspection`).
  case inspect = 18
  /// Starts, suspends, resumes or binds threads: x0 selects (`ThreadAction`), x9 names a task or a thread.
  case thread = 19
  /// Ends an object in steps; x0 returns a frame that came free (0: none), x1 is 1 when it is done.
  case destroy = 20
  /// Binds or acknowledges an interrupt, or attaches the CPU interface: x0 selects (`InterruptAction`).
  case interrupt = 21
  /// Sets the one deadline of the timer handle: x0 the count (0: none).
  case deadline = 22
  /// Appends to the log: x0 length and flags (`LogRecord`), x1–x7 up to 56 bytes.
  case log = 23
  /// Powers the machine off or restarts it: x0 selects (`PowerAction`).
  case power = 24
  /// Does nothing, for measuring.
  case null = 25
  /// Gives a region other rights, and the first of a range's pages that have them not: x0 region slot, x1 page, x2 count,
  /// x3 rights. Returns x0 pages handled, x1 pages that got other rights.
  case protect = 26
  /// Puts a copy on free frame x3 in place of page x1 of the region in slot x0 of task x9, which copies on write; x6: slot
  /// of the Memory authority.
  case privatize = 27
  /// Gives task x9 the quota x0, out of the account of its parent, task x1 (0: own), or back to it; x6: slot of the Memory
  /// authority. Returns x0 frames that the parent has left, x1 frames that the task uses.
  case quota = 28
  /// Gives the private region in slot x0 of task x9 x1 pages, from its first one on; what is mapped stays. Of a home the
  /// first x2 may be shown. Returns x0 the pages that it has now.
  case resize = 29
}

/// What `inspect` reads.
public enum Inspection: UInt64, Sendable {
  /// The handle in slot x1 of task x9 (0: own table): x0–x3 its four words.
  case handle = 0
  /// The translation of page x1 in task x9 (0: own, for the memory server alone): x0 descriptor level (0: none),
  /// x1 frame, x2 rights, x3 pages in the entry.
  case translation = 1
  /// Task x9 (0: own): x0 name, x1 quota, x2 used, x3 state, x4 slots, x5 tables, x6 mapped pages,
  /// x7 priority (bits 7:0) and faults so far (63:8).
  case task = 2
  /// The interrupt of handle x9: x0 INTID, x1 trigger, x2 times delivered, x3 active, x4 whether there are other handles.
  case interrupt = 3
  /// The kernel: x0 static tables, x1 further tables, x2 boot frames, x3 bytes of text and read-only blocks,
  /// x4 bytes of data block, x5 bytes lost to granularity, x6 counter frequency, x7 processors found.
  case kernel = 4
  /// What the MMU itself makes of address x1 while task x9 runs: x0 returns PAR_EL1 (Arm ARM D17.2.114) of a read at
  /// EL1 (x2 = 0) or at EL0 (x2 = 1).
  case probe = 5
  /// The region that page x1 of task x9 (0: own) belongs to, or else the first one behind it: x0 its slot (0: none), x1 the
  /// handle's word, x2 its `RegionWord`, x3 pages mapped, x4 offset.
  case region = 6
  /// The Memory that slot x1 of task x9 names or shows (0: own table, for the memory server alone): x0 its use, x1
  /// pages that may be shown; of a device range x2 its first frame; of a shared one x2 frame of the task that has its home, x3 slot, x4
  /// page of that region, x5 pages that others show.
  case memory = 7
  /// Thread x1 of task x9 (0: own), the first one 0, also while the task is being destroyed: x0 state, x1 `ThreadFlags`,
  /// x2 faults of the task, x3 ESR and x4 FAR of the thread's last one, x5 instruction, x6 the status with which the task
  /// exited, x7 mapped pages.
  case thread = 8
  /// The account of task x9 (0: own, for the memory server alone), also while it is being destroyed: x0 quota, x1 used,
  /// x2 frame of the task that gave the quota (0: none did), x3 tasks that hold a part of it, x4 frames of those parts,
  /// x5 frames of objects, its own ones among them, x6 tables. What is used besides are its private pages.
  case account = 9
  /// RAM, of the authority over it in x9: x0 first frame and x1 frames (0: none) of range x1, of which the first is the
  /// one that boot uses; those added since follow upwards.
  case ram = 10
}

/// What `inspect` says of a thread.
public struct ThreadFlags: OptionSet, Sendable {
  /// The bits.
  public var rawValue: UInt64
  /// Reads flags.
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// It was taken off the processor.
  @inlinable public static var suspended: ThreadFlags { ThreadFlags(rawValue: 1) }
  /// It was started once.
  @inlinable public static var started: ThreadFlags { ThreadFlags(rawValue: 2) }
  /// There is more than one handle to its task.
  @inlinable public static var shared: ThreadFlags { ThreadFlags(rawValue: 4) }
  /// Its task is being destroyed.
  @inlinable public static var ending: ThreadFlags { ThreadFlags(rawValue: 8) }
  /// Its task exited.
  @inlinable public static var exited: ThreadFlags { ThreadFlags(rawValue: 16) }
}

/// What a Memory is, as `inspect` tells of it.
public enum InspectedUse {
  /// A device's registers.
  @inlinable public static var device: UInt64 { 4 }
}

/// What `thread` does to the thread that x9 names; a Task handle names the task's first thread to start, and all of
/// its threads to suspend and resume; only a Task handle names what exits.
public enum ThreadAction: UInt64, Sendable {
  /// Starts it: x1 entry, x2 stack pointer, x3 argument (x0 of the thread), x4 priority 0…63.
  case start = 0
  /// Takes it off the processor until it is resumed; waits are kept.
  case suspend = 1
  /// Lets it run again.
  case resume = 2
  /// Binds the notification in the caller's slot x1 to the caller's own thread (x9 is 0).
  case bind = 3
  /// Suspends all threads of a task and keeps x1 with it, the status with which it exited.
  case exit = 4
}

/// What `interrupt` does.
public enum InterruptAction: UInt64, Sendable {
  /// Signals the notification in slot x1 (with that handle's badge) when the interrupt x9 comes.
  case bind = 0
  /// Deactivates the interrupt, so that it may come again.
  case acknowledge = 1
  /// Gives the kernel its interrupt controller (x9: the device authority): x1 first frame of the CPU
  /// interface, x2 and x3 two frames for tables (GICv2); all zero for GICv3. From here on there is preemption.
  case attach = 2
}

/// What `power` does.
public enum PowerAction: UInt64, Sendable {
  /// Ends the machine: PSCI SYSTEM_OFF.
  case off = 0
  /// Restarts the machine: PSCI SYSTEM_RESET.
  case reset = 1
  /// Starts the memory server anew, from its image.
  case restartMemory = 2
}
