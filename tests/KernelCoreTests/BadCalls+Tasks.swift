import ABI
import KernelCore

extension BadCalls {
  private static func refuse(
    _ operation: Operation, _ what: String, _ status: Status, _ value: UInt64, _ limit: UInt64 = 0,
    _ message: @escaping @Sendable (World) -> Message
  ) -> BadCall {
    BadCall(operation, what, Refusal(status, value, limit: limit), message)
  }

  static let facts: [BadCall] =
    slots(.inspect, .task, right: 2, without: Slot.taskNoRights) { Message(0, 1, handle: $0) }
    + slots(.inspect, .task, right: 1, without: Slot.taskNoRights) { Message(1, 1, handle: $0) }
    + slots(.inspect, .task, right: 2, without: Slot.taskNoRights) { Message(2, handle: $0) }
    + slots(.inspect, .task, right: 1, without: Slot.taskNoRights) { Message(5, 1, handle: $0) }
    + slots(.inspect, .task, right: 2, without: Slot.taskNoRights) { Message(6, 1, handle: $0) }
    + slots(.inspect, .task, right: 2, without: Slot.taskNoRights) { Message(8, handle: $0) }
    + slots(.inspect, .task, right: 1, without: Slot.taskNoRights) { Message(9, handle: $0) }
    + slots(.inspect, .interrupt, right: 2, without: Slot.interruptNoRights) { Message(3, handle: $0) }
    + [
      refuse(.inspect, "selector 11", .invalidOperation, 11, 10) { _ in Message(11) },
      refuse(.inspect, "selector max", .invalidOperation, big, 10) { _ in Message(big) },
      refuse(.inspect, "the caller's own account", .missingRight, 0, 1) { _ in Message(9) },
      refuse(.inspect, "a slot outside", .slotOutside, 88, 88) { _ in Message(0, 88) },
      refuse(.inspect, "a page outside", .outOfRange, 1 << 27, 1 << 27) { _ in Message(1, 1 << 27, handle: Slot.task) },
      refuse(.inspect, "a region's page outside", .outOfRange, 1 << 27, 1 << 27) { _ in Message(6, 1 << 27) },
      refuse(.inspect, "a region's page max", .outOfRange, big, 1 << 27) { _ in Message(6, big) },
      refuse(.inspect, "page max", .outOfRange, big, 1 << 27) { _ in Message(1, big, handle: Slot.task) },
      refuse(.inspect, "a translation of the caller's own space", .missingRight, 0, 1) { _ in Message(1, 0x1000) },
      refuse(.inspect, "a probe of the caller's own space", .missingRight, 0, 1) { _ in Message(5, 0x1000) },
      refuse(.inspect, "a probe at no level", .outOfRange, 2, 1) { _ in Message(5, 0, 2, handle: Slot.task) },
      refuse(.inspect, "a further thread that is not there", .outOfRange, 1, 1) { _ in
        Message(8, 1, handle: Slot.task)
      },
      refuse(.inspect, "thread max", .outOfRange, big, 1) { _ in Message(8, big) },
      refuse(.inspect, "a dying task", .busy, Slot.dying) { _ in Message(2, handle: Slot.dying) },
      refuse(.log, "57 bytes", .outOfRange, 57, 56) { _ in Message(57) },
      refuse(.log, "unknown flags", .outOfRange, 0, 56) { _ in Message(1 << 6) },
      refuse(.log, "flags max", .outOfRange, 63, 56) { _ in Message(big) },
    ]

  private static func start(_ entry: UInt64, _ stack: UInt64, _ priority: UInt64) -> Message {
    Message(0, entry, stack, 0, priority, handle: Slot.task)
  }

  static let threads: [BadCall] =
    slots(.thread, .task, right: 2, without: Slot.taskNoRights) { Message(0, handle: $0) }
    + slots(.thread, .task, right: 2, without: Slot.taskNoRights) { Message(1, handle: $0) }
    + slots(.thread, .task, right: 2, without: Slot.taskNoRights) { Message(4, handle: $0) }
    + slots(.thread, .notification, right: 2, without: Slot.notificationNoRights) { Message(3, $0) }
    + [
      refuse(.thread, "selector 5", .invalidOperation, 5, 4) { _ in Message(5) },
      refuse(.thread, "selector max", .invalidOperation, big, 4) { _ in Message(big) },
      refuse(.thread, "a thread that is to exit", .wrongKind, 11, 3) { _ in Message(4, handle: Slot.thread) },
      refuse(.thread, "a dying task that is to exit", .busy, 2) { _ in Message(4, handle: Slot.dying) },
      refuse(.thread, "a dying task", .busy, 2) { _ in Message(0, handle: Slot.dying) },
      refuse(.thread, "a thread without rights", .missingRight, 0, 2) { _ in Message(0, handle: Slot.threadNoRights) },
      refuse(.thread, "a thread above its starter", .notPermitted, 11, 10) { _ in
        Message(0, 0x1000, 0x8000, 0, 11, handle: Slot.thread)
      },
      refuse(.thread, "a thread of priority 64", .outOfRange, 64, 64) { _ in
        Message(0, 0x1000, 0x8000, 0, 64, handle: Slot.thread)
      },
      refuse(.thread, "started twice", .busy, ThreadState.waitingForReply) { _ in start(0x1000, 0x8000, 1) },
    ]

  static let devices: [BadCall] =
    slots(.interrupt, .interrupt, right: 1, without: Slot.interruptNoRights) {
      Message(0, Slot.notification, handle: $0)
    }
    + slots(.interrupt, .notification, right: 1, without: Slot.notificationNoRights) {
      Message(0, $0, handle: Slot.interrupt)
    }
    + slots(.interrupt, .interrupt, right: 1, without: Slot.interruptNoRights) { Message(1, handle: $0) }
    + slots(.interrupt, .memory, right: 1, without: Slot.memoryNoRights) { Message(2, handle: $0) }
    + slots(.deadline, .timer, right: 1, without: Slot.timerNoRights) { Message(1, handle: $0) }
    + slots(.power, .power, right: 0, without: nil) { Message(0, handle: $0) }
    + [
      refuse(.interrupt, "selector 3", .invalidOperation, 3, 2) { _ in Message(3, handle: Slot.interrupt) },
      refuse(.interrupt, "binds the timer without rights", .missingRight, 0, 1) { _ in
        Message(0, Slot.notification, handle: Slot.timerNoRights)
      },
      refuse(.interrupt, "binds the log without reading it", .missingRight, 0, 1) { _ in
        Message(0, Slot.notification, handle: Slot.logNoRights)
      },
      refuse(.interrupt, "attaches with RAM", .wrongKind, 1, 2) { _ in Message(2, 0x8010, handle: Slot.memory) },
      refuse(.interrupt, "attaches another range", .notPermitted, 0x9000, 0x8010) { _ in
        Message(2, 0x9000, 0, 0, handle: Slot.devices)
      },
      refuse(.interrupt, "attaches without tables", .tablesNeeded, 2, 0) { _ in
        Message(2, 0x8010, 0, 0, handle: Slot.devices)
      },
      refuse(.interrupt, "attaches with one table", .tablesNeeded, 2, 1) { _ in
        Message(2, 0x8010, 0x4_0001, 0, handle: Slot.devices)
      },
      refuse(.interrupt, "attaches with the other table", .tablesNeeded, 2, 1) { _ in
        Message(2, 0x8010, 0, 0x4_0001, handle: Slot.devices)
      },
      refuse(.interrupt, "attaches on the ledger", .frameNotFree, 0x4_0001, 5) { _ in
        Message(2, 0x8010, 0x4_0001, 0x4_0002, handle: Slot.devices)
      },
      refuse(.power, "selector 3", .invalidOperation, 3, 2) { _ in Message(3, handle: Slot.power) },
      refuse(.power, "selector max", .invalidOperation, big, 2) { _ in Message(big, handle: Slot.power) },
    ]
}
