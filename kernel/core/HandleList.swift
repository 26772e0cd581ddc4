internal import ABI
internal import Machine

// The list of an object's handles. Its head is the object's first word, whatever the kind.
extension Kernel where M: ~Copyable {
  @inline(__always) func listHead(_ object: UInt64) -> Reference<UInt64> {
    machine.memory(object, as: UInt64.self)
  }

  /// Fills an empty slot and puts it on the object's list.
  func install(_ slot: UInt64, _ word: HandleWord, value: UInt64) {
    handle(slot).pointee = Handle(word: word, value: value)
    link(slot)
  }

  /// Puts a slot that is filled already on its object's list.
  @inline(__always) func link(_ slot: UInt64) {
    let new = handle(slot)
    let head = listHead(new.pointee.word.object)
    new.pointee.next = head.pointee
    if head.pointee != 0 { handle(head.pointee).pointee.previous = slot }
    head.pointee = slot
  }

  /// Takes a slot off its object's list and empties it. The object stays, even without handles.
  func unlink(_ slot: UInt64) {
    let old = handle(slot).pointee
    if old.previous != 0 {
      handle(old.previous).pointee.next = old.next
    } else {
      listHead(old.word.object).pointee = old.next
    }
    if old.next != 0 { handle(old.next).pointee.previous = old.previous }
    handle(slot).pointee = Handle()
  }

  /// Whether a handle lies on the list of its object.
  @inline(__always) func isListed(_ word: HandleWord) -> Bool { Handle.listed &>> word.kindNumber & 1 != 0 }
}

extension Handle {
  /// The kinds whose handles lie on their objects' lists, a bit each.
  static var listed: UInt64 {
    1 << ObjectKind.endpoint.rawValue | 1 << ObjectKind.notification.rawValue | 1 << ObjectKind.task.rawValue
      | 1 << ObjectKind.memory.rawValue | 1 << ObjectKind.interrupt.rawValue | 1 << ObjectKind.timer.rawValue
      | 1 << ObjectKind.thread.rawValue
  }

  /// A handle that is on no list yet.
  init(word: HandleWord, value: UInt64) {
    self.word = word
    self.value = value
  }
}
