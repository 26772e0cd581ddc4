import ABI
import KernelCore

/// What may be wrong with each call, and the refusal that names it.
enum BadCalls {
  typealias Slot = World.Slot
  static let big = UInt64.max

  static let tables: [String: [BadCall]] = [
    "messages": messages, "notifications": notifications, "handles": handles, "objects": objects, "tasks": tasks,
    "regions": regions, "map": maps, "unmap, protect, copyPage, claim": unmaps, "inspect, log": facts,
    "threads": threads, "devices": devices, "quota": quotas, "resize": resizes,
  ]

  /// The six ways in which a slot may hold no handle of a kind with a right.
  static func slots(
    _ operation: Operation, _ kind: ObjectKind, right: UInt64, without: UInt64?,
    _ message: @escaping @Sendable (UInt64) -> Message
  ) -> [BadCall] {
    let wrong = kind == .endpoint ? Slot.notification : Slot.endpoint
    let wrongKind: ObjectKind = kind == .endpoint ? .notification : .endpoint
    var table = [
      BadCall(operation, "slot 88", Refusal(.slotOutside, 88, limit: 88)) { _ in message(88) },
      BadCall(operation, "slot max", Refusal(.slotOutside, big, limit: 88)) { _ in message(big) },
      BadCall(operation, "empty slot", Refusal(.slotEmpty, Slot.empty)) { _ in message(Slot.empty) },
      BadCall(operation, "gone", Refusal(.peerGone, Slot.gone)) { _ in message(Slot.gone) },
      BadCall(operation, "wrong kind", Refusal(.wrongKind, wrongKind.rawValue, limit: kind.rawValue)) { _ in
        message(wrong)
      },
    ]
    if let without {
      table.append(
        BadCall(operation, "no right", Refusal(.missingRight, 0, limit: right)) { _ in message(without) })
    }
    return table
  }

  static let messages: [BadCall] =
    slots(.call, .endpoint, right: 1, without: Slot.endpointNoRights) { Message(handle: $0) }
    + slots(.receive, .endpoint, right: 2, without: Slot.endpointNoRights) { Message(handle: $0) }
    + slots(.replyReceive, .endpoint, right: 2, without: Slot.endpointNoRights) { Message(handle: $0) }
    + slots(.forward, .endpoint, right: 1, without: Slot.endpointNoRights) { Message(handle: $0) }
    + slots(.receive, .interrupt, right: 1, without: Slot.interruptNoRights) { Message($0, handle: Slot.endpoint) }
    + slots(.reply, .reply, right: 0, without: nil) { Message(handle: $0) }
    + [
      BadCall(.call, "no right to pass", Refusal(.missingRight, 3, limit: 4)) { _ in
        Message(handle: Slot.endpointNoPass, transfer: Slot.notification)
      },
      BadCall(.call, "passes an empty slot", Refusal(.slotEmpty, Slot.empty)) { _ in
        Message(handle: Slot.endpoint, transfer: Slot.empty)
      },
      BadCall(.call, "passes outside", Refusal(.slotOutside, 88, limit: 88)) { _ in
        Message(handle: Slot.endpoint, transfer: 88)
      },
      BadCall(.call, "passes a region", Refusal(.wrongKind, 5)) { _ in
        Message(handle: Slot.endpoint, transfer: Slot.region)
      },
      BadCall(.call, "passes a reply", Refusal(.wrongKind, 7)) { _ in
        Message(handle: Slot.endpoint, transfer: Slot.reply)
      },
      BadCall(.call, "passes what is gone", Refusal(.wrongKind, 10)) { _ in
        Message(handle: Slot.endpoint, transfer: Slot.gone)
      },
      BadCall(.reply, "passes a reply", Refusal(.wrongKind, 7)) { _ in
        Message(handle: Slot.reply, transfer: Slot.reply)
      },
      BadCall(.reply, "nothing owed", Refusal(.replyState, 0)) { _ in Message() },
      BadCall(.saveReply, "nothing owed", Refusal(.replyState, 0)) { _ in Message(Slot.empty) },
      BadCall(.forward, "nothing owed", Refusal(.replyState, 0)) { _ in Message(handle: Slot.endpoint) },
    ]

  static let notifications: [BadCall] =
    slots(.signal, .notification, right: 1, without: Slot.notificationNoRights) { Message(handle: $0) }
    + slots(.wait, .notification, right: 2, without: Slot.notificationNoRights) { Message(handle: $0) }
    + slots(.wait, .interrupt, right: 1, without: Slot.interruptNoRights) { Message($0, handle: Slot.notification) }

  static let handles: [BadCall] =
    slots(.copy, .task, right: 2, without: Slot.taskNoRights) { Message($0, Slot.empty, 7, handle: Slot.endpoint) }
    + slots(.drop, .task, right: 1, without: Slot.taskNoRights) { Message($0, handle: Slot.endpoint) }
    + slots(.drop, .memory, right: 1, without: Slot.memoryNoRights) { Message(0, 0, $0, handle: Slot.endpoint) }
    + [
      BadCall(.copy, "from outside", Refusal(.slotOutside, big, limit: 88)) { _ in Message(0, Slot.empty, handle: big)
      },
      BadCall(.copy, "from an empty slot", Refusal(.slotEmpty, 41)) { _ in Message(0, Slot.empty, handle: 41) },
      BadCall(.copy, "of a region", Refusal(.wrongKind, 5)) { _ in Message(0, Slot.empty, handle: Slot.region) },
      BadCall(.copy, "of a reply", Refusal(.wrongKind, 7)) { _ in Message(0, Slot.empty, handle: Slot.reply) },
      BadCall(.copy, "of what is gone", Refusal(.wrongKind, 10)) { _ in Message(0, Slot.empty, handle: Slot.gone) },
      BadCall(.copy, "into a dying task", Refusal(.busy, Slot.dying)) { _ in
        Message(Slot.dying, Slot.empty, handle: Slot.endpoint)
      },
      BadCall(.copy, "to slot 0", Refusal(.slotOutside, 0, limit: 88)) { _ in Message(0, 0, handle: Slot.endpoint) },
      BadCall(.copy, "to outside", Refusal(.slotOutside, big, limit: 88)) { _ in
        Message(0, big, handle: Slot.endpoint)
      },
      BadCall(.copy, "to a taken slot", Refusal(.slotOccupied, Slot.gone)) { _ in
        Message(0, Slot.gone, handle: Slot.endpoint)
      },
      BadCall(.copy, "badged twice", Refusal(.notPermitted, 6, limit: 5)) { _ in
        Message(0, Slot.empty, 7, 6, handle: Slot.badged)
      },
      BadCall(.copy, "a kernel's badge", Refusal(.outOfRange, Badge.fault, limit: Badge.mintable)) { _ in
        Message(0, Slot.empty, 7, Badge.fault, handle: Slot.endpoint)
      },
      BadCall(.drop, "of another than a region in another task", Refusal(.wrongKind, 1, limit: 5)) { _ in
        Message(Slot.task, handle: 8)
      },
      BadCall(.drop, "in a dying task", Refusal(.busy, Slot.dying)) { _ in Message(Slot.dying, handle: 8) },
      BadCall(.drop, "outside", Refusal(.slotOutside, 88, limit: 88)) { _ in Message(handle: 88) },
      BadCall(.drop, "slot 0", Refusal(.slotEmpty, 0)) { _ in Message() },
      BadCall(.drop, "empty", Refusal(.slotEmpty, Slot.empty)) { _ in Message(handle: Slot.empty) },
      BadCall(.drop, "a region with pages", Refusal(.regionMapped, Slot.region, limit: 2)) { _ in
        Message(handle: Slot.region)
      },
      BadCall(.revoke, "outside", Refusal(.slotOutside, big, limit: 88)) { _ in Message(handle: big) },
      BadCall(.revoke, "empty", Refusal(.slotEmpty, Slot.empty)) { _ in Message(handle: Slot.empty) },
      BadCall(.revoke, "of a region", Refusal(.wrongKind, 5)) { _ in Message(handle: Slot.region) },
      BadCall(.revoke, "of a reply", Refusal(.wrongKind, 7)) { _ in Message(handle: Slot.reply) },
      BadCall(.revoke, "of power", Refusal(.wrongKind, 8)) { _ in Message(handle: Slot.power) },
      BadCall(.revoke, "an endpoint without receiving", Refusal(.missingRight, 0, limit: 2)) { _ in
        Message(handle: Slot.endpointNoRights)
      },
      BadCall(.revoke, "a notification without waiting", Refusal(.missingRight, 0, limit: 2)) { _ in
        Message(handle: Slot.notificationNoRights)
      },
      BadCall(.revoke, "a task without destroying", Refusal(.missingRight, 0, limit: 4)) { _ in
        Message(handle: Slot.taskNoRights)
      },
      BadCall(.revoke, "an interrupt without handling", Refusal(.missingRight, 0, limit: 1)) { _ in
        Message(handle: Slot.interruptNoRights)
      },
      BadCall(.revoke, "the timer without keeping it", Refusal(.missingRight, 0, limit: 4)) { _ in
        Message(handle: Slot.timerNoRights)
      },
      BadCall(.revoke, "of what is gone", Refusal(.wrongKind, 10)) { _ in Message(handle: Slot.gone) },
    ]
}
