import ABI
import KernelCore

extension BadCalls {
  /// `create` of objects, and the slots of every call that takes an authority.
  static let objects: [BadCall] =
    slots(.create, .task, right: 1, without: Slot.taskNoRights) { Message($0, 1, 0, Slot.empty, handle: Slot.memory) }
    + slots(.create, .task, right: 2, without: Slot.taskNoRights) { Message(0, 1, 0, 60, $0, handle: Slot.memory) }
    + slots(.create, .memory, right: 1, without: Slot.memoryNoRights) { Message(0, 1, 0, Slot.empty, handle: $0) }
    + slots(.create, .memory, right: 1, without: nil) { Message(0, 6, 0, Slot.empty, 0, 40, handle: $0) }
    + slots(.create, .memory, right: 1, without: nil) { Message(0, 4, 0, Slot.empty, 0, 0x9100, 1, handle: $0) }
    + [
      make("no kind", .outOfRange, 0, 11) { _ in Message(0, 0, 0, Slot.empty, handle: Slot.memory) },
      make("a region", .outOfRange, 5, 11) { _ in Message(0, 5, 0, Slot.empty, handle: Slot.memory) },
      make("kind max", .outOfRange, big, 11) { _ in Message(0, big, 0, Slot.empty, handle: Slot.memory) },
      make("into slot 0", .slotOutside, 0, 88) { _ in Message(0, 1, 0, 0, handle: Slot.memory) },
      make("into a taken slot", .slotOccupied, 8, 0) { _ in Message(0, 1, 0, 8, handle: Slot.memory) },
      make("for a dying account", .busy, Slot.dying, 0) { _ in
        Message(Slot.dying, 1, 0, Slot.empty, handle: Slot.memory)
      },
      make("a thread for a dying task", .busy, Slot.dying, 0) { _ in
        Message(Slot.dying, 11, 0, Slot.empty, handle: Slot.memory)
      },
      make("a thread with device authority", .wrongKind, 2, 1) { _ in
        Message(0, 11, 0, Slot.empty, handle: Slot.devices)
      },
      make("a thread without a frame", .quotaExceeded, 1, 0) { _ in Message(0, 11, 0, Slot.empty, handle: Slot.memory)
      },
      make("with device authority", .wrongKind, 2, 1) { _ in Message(0, 1, 0, Slot.empty, handle: Slot.devices) },
      make("without a frame", .quotaExceeded, 1, 0) { _ in Message(0, 2, 0, Slot.empty, handle: Slot.memory) },
      make("on a frame outside", .frameNotClaimed, 1 << 27, 1 << 14) { _ in
        Message(0, 1, 1 << 27, Slot.empty, handle: Slot.memory)
      },
      make("on frame max", .frameNotClaimed, big, big >> 13) { _ in
        Message(0, 1, big, Slot.empty, handle: Slot.memory)
      },
      make("an interrupt with RAM", .wrongKind, 1, 2) { _ in Message(0, 6, 0, Slot.empty, 0, 40, handle: Slot.memory) },
      make("INTID 15", .outOfRange, 15, 1020) { _ in Message(0, 6, 0, Slot.empty, 0, 15, handle: Slot.devices) },
      make("the timer's INTID", .outOfRange, 27, 1020) { _ in Message(0, 6, 0, Slot.empty, 0, 27, handle: Slot.devices)
      },
      make("INTID 1020", .outOfRange, 1020, 1020) { _ in Message(0, 6, 0, Slot.empty, 0, 1020, handle: Slot.devices) },
      make("INTID max", .outOfRange, big, 1020) { _ in Message(0, 6, 0, Slot.empty, 0, big, handle: Slot.devices) },
      make("an INTID that is taken", .busy, 33, 0) { _ in Message(0, 6, 0, Slot.empty, 0, 33, handle: Slot.devices) },
      make("no device pages", .outOfRange, 0x9100, 1 << 36) { _ in
        Message(0, 4, 0, Slot.empty, 0, 0x9100, 0, handle: Slot.devices)
      },
      make("a device that overflows", .outOfRange, big, 1 << 36) { _ in
        Message(0, 4, 0, Slot.empty, 0, big, 2, handle: Slot.devices)
      },
      make("a device beyond 48 bits", .outOfRange, 1 << 36 - 1, 1 << 36) { _ in
        Message(0, 4, 0, Slot.empty, 0, 1 << 36 - 1, 2, handle: Slot.devices)
      },
      make("a device with a badge beyond those", .outOfRange, Badge.mintable + 1, Badge.mintable) { _ in
        Message(0, 4, 0, Slot.empty, 0, 0x9100, 1, Badge.mintable + 1, handle: Slot.devices)
      },
      make("RAM as a device", .notPermitted, 0x3_ffff, 0x4_0000) { _ in
        Message(0, 4, 0, Slot.empty, 0, 0x3_ffff, 2, handle: Slot.devices)
      },
      make("the kernel's GICC as a device", .notPermitted, 0x8011, 0x8010) { _ in
        Message(0, 4, 0, Slot.empty, 0, 0x8011, 1, handle: Slot.devices)
      },
    ]

  private static func make(
    _ what: String, _ status: Status, _ value: UInt64, _ limit: UInt64,
    _ message: @escaping @Sendable (World) -> Message
  ) -> BadCall {
    BadCall(.create, what, Refusal(status, value, limit: limit), message)
  }

  private static func task(_ first: UInt64, quota: UInt64, root: UInt64, account: UInt64 = 0) -> Message {
    Message(account, 3, first, Slot.empty, 0, quota, 0, root, handle: Slot.memory)
  }

  /// `create` of tasks, `destroy`. Frames that depend on the world are named by their status in `TaskTests`.
  static let tasks: [BadCall] =
    slots(.destroy, .task, right: 4, without: Slot.taskNoRights) { Message(handle: $0) }
    + [
      BadCall(.destroy, "oneself", Refusal(.notPermitted, Slot.own)) { _ in Message(handle: Slot.own) },
      make("nine further frames", .outOfRange, 9, 8) { world in task(world.free, quota: 32, root: 9 << 48) },
      make("a first frame beyond 39 bits", .outOfRange, 1 << 27, 1 << 27) { world in
        task(1 << 27, quota: 32, root: world.free)
      },
      make("a root beyond 39 bits", .frameNotClaimed, 1 << 27, 1 << 14) { world in
        task(world.free, quota: 32, root: 1 << 27)
      },
      make("an unclaimed first frame", .frameNotClaimed, 0x5_0000, 0x28) { world in
        task(0x5_0000, quota: 32, root: world.free)
      },
      make("a quota below its own frames", .quotaExceeded, 2, 1) { world in
        task(world.free, quota: 1, root: world.free + 1)
      },
      make("a quota that the account has not", .quotaExceeded, 63, 62) { world in
        task(world.free, quota: 63, root: world.free + 1, account: Slot.task)
      },
      make("quota max", .quotaExceeded, big, 62) { world in
        task(world.free, quota: big, root: world.free + 1, account: Slot.task)
      },
    ]
}
