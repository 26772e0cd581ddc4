import ABI
import KernelCore
import Machine

extension SimulatedSystem {
  /// What a word of RAM is, in words.
  func place(_ address: UInt64) -> String {
    let frame = DirectMap.frame(address)
    guard kernel.isClaimed(frame) else { return hex(address) }
    let word = kernel.ledger(frame).pointee
    switch word.kind {
    case .table: return "entry \(address >> 3 & 511) of table \(hex(frame))"
    case .privatePage: return "\(hex(address)), in page \(hex(word.page)) of task \(hex(DirectMap.address(word.task)))"
    case .objects: return object(address, account: DirectMap.address(word.task))
    case .free, .fixed: break
    }
    let inGigabyte = Geometry.gigabyteFrames - 1
    guard frame & inGigabyte < Geometry.blockFrames else { return hex(address) }
    return "the ledger's word of frame \(hex(frame & ~inGigabyte | address >> 3 & inGigabyte))"
  }

  /// A word of a task, of a thread or of another object, in a frame that an account pays.
  private func object(_ address: UInt64, account: UInt64) -> String {
    let words = kernel.task(account).pointee
    var threads = [account + Task.threadOffset]
    for _ in 0..<words.threadCount {
      threads.append(threads.count == 1 ? words.threads : kernel.thread(threads[threads.count - 1]).pointee.nextOfTask)
    }
    for thread in threads where address >= thread && address - thread < Thread.bytes {
      return "thread \(hex(thread)), \(Self.threadWord(Int(address - thread)))"
    }
    let offset = address &- account
    guard offset < (1 + words.extraFrames) << 12 else {
      return "object \(hex(address & ~127)), word \(address >> 3 & 15)"
    }
    guard offset >= Task.handlesOffset else { return "task \(hex(account)), word \(offset / 8)" }
    let slot = (offset - Task.handlesOffset) / Task.handleBytes
    return "task \(hex(account)), handle \(slot), word \(offset >> 3 & 3)"
  }

  private static func threadWord(_ offset: Int) -> String {
    let names: [(PartialKeyPath<Thread>, String)] = [
      (\.label, "x8"), (\.handle, "x9"), (\.transfer, "x10"), (\.caller, "caller"), (\.next, "next"),
      (\.previous, "previous"), (\.queue, "queue"), (\.state, "state"), (\.priority, "priority"), (\.server, "server"),
      (\.badge, "badge"),
      (\.isFault, "isFault"), (\.faultSyndrome, "faultSyndrome"), (\.faultAddress, "faultAddress"),
      (\.floatingPointAccess, "floatingPointAccess"),
    ]
    if let found = names.first(where: { MemoryLayout<Thread>.offset(of: $0.0) == offset }) { return found.1 }
    guard let words = MemoryLayout<Thread>.offset(of: \.registers), offset >= words, offset < words + 64 else {
      return "word \(offset / 8)"
    }
    return "x\((offset - words) / 8)"
  }
}
