internal import Machine

// Circular queues of threads through `next` and `previous`; `head` is the first thread's address or 0.
extension Machine where Self: ~Copyable {
  @inline(__always) private func thread(_ address: UInt64) -> Reference<Thread> { memory(address, as: Thread.self) }

  /// Adds a thread at the end.
  func append(_ address: UInt64, to head: inout UInt64) {
    if head == 0 {
      thread(address).pointee.next = address
      thread(address).pointee.previous = address
      head = address
      return
    }
    let last = thread(head).pointee.previous
    thread(address).pointee.next = head
    thread(address).pointee.previous = last
    thread(last).pointee.next = address
    thread(head).pointee.previous = address
  }

  /// Takes a thread out, whose links say nothing from here on.
  func remove(_ address: UInt64, from head: inout UInt64) {
    let next = thread(address).pointee.next
    let previous = thread(address).pointee.previous
    if next == address {
      head = 0
    } else {
      thread(previous).pointee.next = next
      thread(next).pointee.previous = previous
      if head == address { head = next }
    }
  }
}
