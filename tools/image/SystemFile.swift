internal import ABI

/// What `services/system.json` says: which tasks run, with what priority, quota, devices and peers.
public struct SystemFile: Codable, Equatable, Sendable {
  /// The tasks, `memory` first and `init` second.
  public var tasks: [TaskDescription]
}

/// One task of the system file. What is left out takes the value given here.
public struct TaskDescription: Codable, Equatable, Sendable {
  /// The task's name, 1 to 8 printable ASCII letters, which the kernel keeps in one word.
  public var name: String
  /// Its program, IMAGE.elf; the task's name where it is left out.
  public var image: String
  /// The first thread's priority, 0 to 63; the higher runs first.
  public var priority: Int
  /// Frames that may be charged to the task. Those of `init` include the quotas of all that it starts.
  public var quota: Int
  /// Pages of stack, 1 to 256.
  public var stackPages = 4
  /// Frames of handles beyond those in the task's own frame, 0 to 8.
  public var handleFrames = 0
  /// What happens when the task ends.
  public var restart = RestartRule()
  /// Devices for which it may ask the memory server, at most 4.
  public var devices: [DeviceGrant] = []
  /// Tasks to which it may connect, at most 8.
  public var peers: [String] = []
  /// What it needs besides.
  public var needs: [Need] = []
}

/// How a task is started again.
public struct RestartRule: Codable, Equatable, Sendable {
  /// Restarts before the task is left ended, 0 to 254; 255 is without limit.
  public var limit = 0
  /// The pause before a restart, in milliseconds.
  public var backOff = 0
}

/// A kind of device, by the name that the task uses and the strings of the device tree.
public struct DeviceGrant: Codable, Equatable, Sendable {
  /// The task's name for it, 1 to 8 printable ASCII letters.
  public var name: String
  /// The `compatible` strings that will do; with a zero byte behind each at most 64 bytes.
  public var compatible: [String]
  /// Which of the nodes that are compatible: `first`, `all`, or one by its unit address, the hexadecimal digits behind
  /// the `@` of its name. Of all of them ranges and interrupts are counted on from node to node, in the tree's order.
  public var unit = "first"
}

extension DeviceGrant {
  /// What `unit` says; nil where it says nothing known.
  var selected: (unit: Bundle.Grant.Unit, address: UInt64)? {
    switch unit {
    case "first": return (.first, 0)
    case "all": return (.all, 0)
    default:
      guard unit.utf8.count <= 12, unit.allSatisfy(\.isHexDigit), let address = UInt64(unit, radix: 16) else {
        return nil
      }
      return (.address, address)
    }
  }

  /// The same of a grant that was checked.
  var selection: (unit: Bundle.Grant.Unit, address: UInt64) { selected ?? (.first, 0) }
}

/// What a task is given besides its peers.
public enum Need: String, Codable, CaseIterable, Sendable {
  /// The handle that turns the machine off.
  case power
  /// The handle that sets a deadline.
  case deadline
  /// The kernel's log ring, mapped read-only.
  case log
  /// The right to start, watch and end other tasks.
  case supervise
}

/// A mistake in the system file: the field, and what is wrong with it.
public struct SystemFileError: Error, Equatable, CustomStringConvertible {
  /// The field, as in `tasks[2].priority`.
  public let field: String
  /// What is wrong, both values named.
  public let problem: String
  /// The mistake in one line.
  public var description: String { "\(field): \(problem)" }
}
