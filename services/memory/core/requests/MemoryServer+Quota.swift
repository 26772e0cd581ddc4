internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `setQuota`: another quota for a task that the caller started. Replies with what the caller has left, and what the
  /// task uses.
  mutating func setQuota(_ quota: UInt64, _ caller: Caller, _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal) -> Message
  {
    let task = try passedTask(caller, &gate)
    do throws(Refusal) {
      let done = try gate.setQuota(
        quota, task: task.number, parent: sessions[caller.place].number, authority: HandOver.Slot.memory)
      return Message(done.left, done.used)
    } catch {
      throw refusal(error)
    }
  }

  /// The account of a task, as the kernel keeps it.
  mutating func account(_ task: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Account {
    do throws(Refusal) { return Account(try gate.inspect(.account, handle: task)) } catch { throw MemoryRefusal(error) }
  }
}

/// An account as `inspect` tells of it.
struct Account {
  /// Frame of the task that gave the quota.
  var parent: UInt64
  /// Tasks that hold a part of it.
  var children: UInt64
  /// Frames of those parts.
  var given: UInt64

  init(_ words: borrowing Message) { (parent, children, given) = (words[2], words[3], words[4]) }
}
