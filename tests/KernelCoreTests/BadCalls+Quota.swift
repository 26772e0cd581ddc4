import ABI
import KernelCore

extension BadCalls {
  private static func refuse(
    _ what: String, _ status: Status, _ value: UInt64, _ limit: UInt64, _ message: Message
  ) -> BadCall {
    BadCall(.quota, what, Refusal(status, value, limit: limit)) { _ in message }
  }

  /// The task's quota becomes `quota`, out of the memory server's account, unless the call is changed.
  private static func set(
    _ quota: UInt64, of task: UInt64 = Slot.task, from parent: UInt64 = Slot.server, by authority: UInt64 = Slot.memory
  ) -> Message {
    Message(quota, parent, 0, 0, 0, 0, authority, handle: task)
  }

  /// The other task has a quota of 64 and uses 2 frames.
  static let quotas: [BadCall] =
    slots(.quota, .task, right: 1, without: Slot.taskNoRights) { set(64, of: $0) }
    + slots(.quota, .task, right: 1, without: Slot.taskNoRights) { set(64, from: $0) }
    + slots(.quota, .memory, right: 1, without: Slot.memoryNoRights) { set(64, by: $0) }
    + [
      refuse("below what is used", .busy, 2, 1, set(1)),
      refuse("nothing", .busy, 2, 0, set(0)),
      refuse("of a task that another started", .notPermitted, Slot.own, 0, set(64, from: Slot.own)),
      refuse("out of one's own account, of another's", .notPermitted, 0, 0, set(64, from: 0)),
      refuse("of oneself, out of one's own account", .notPermitted, 0, 0, set(64, of: 0, from: 0)),
      refuse("of a task, out of its own account", .notPermitted, Slot.task, 0, set(64, from: Slot.task)),
      refuse("of a dying task", .busy, Slot.dying, 0, set(64, of: Slot.dying)),
      refuse("out of the account of a dying task", .busy, Slot.dying, 0, set(64, from: Slot.dying)),
      BadCall(.quota, "the authority over devices", Refusal(.wrongKind, 2, limit: 1)) { _ in
        set(64, by: Slot.devices)
      },
    ]
}
