import ABI
import KernelCore
import Machine
import TestSupport
import Testing

/// Many tasks that do what comes, the same for each seed; what they do may be refused, but the books hold.
@Suite("Random work")
struct RandomTests {
  @Test("any work by many tasks keeps the books, and all frames come back", arguments: 1...8 as ClosedRange<UInt64>)
  func work(seed: UInt64) {
    let digests = work(seed: seed, quick: true)
    if seed <= 3 { #expect(work(seed: seed, quick: false) == digests, "the quick forms leave another state") }
  }

  /// The digests of all state on the way.
  private func work(seed: UInt64, quick: Bool) -> [Int] {
    let system = SimulatedSystem(frames: 4096)
    system.usesQuickPaths = quick
    var digests: [Int] = []
    var random = Seeded(state: seed)
    let free = system.freeFrames()
    let server = system.memoryServer
    let pool = system.takeFrames(1500)
    // Objects that all share, and an idle thread: these stay.
    system.spawn(slot: 40, priority: 0, quota: 8)
    for slot in 41...43 as ClosedRange<UInt64> { system.make(slot == 43 ? .notification : .endpoint, slot: slot) }
    var tasks = (0..<5 as Range<UInt64>).map { spawn(system, 50 + $0, &random) }
    var threads: [[Actor]] = tasks.map { [$0] }
    var (mapped, shared): (UInt64, UInt64) = (0, 0)
    var children: [Actor?] = Array(repeating: nil, count: 5)
    var (moved, quotas) = (0, Seeded(state: seed + 100))
    var (resized, lengths) = (0, Seeded(state: seed + 200))
    for step in 0..<400 {
      let index = Int(random.next(below: 5))
      if quotas.next(below: 4) == 0, give(system, tasks[index], &children[index], &quotas) { moved += 1 }
      if lengths.next(below: 4) == 0, resize(system, tasks[index], &lengths) { resized += 1 }
      switch random.next(below: 20) {
      case 0 where random.next(below: 3) == 0:
        if let child = children[index] { system.destroy(child) }
        children[index] = nil
        end(system, tasks[index], tasks)
        tasks[index] = spawn(system, tasks[index].slot, &random)
        threads[index] = [tasks[index]]
      case 0...10:
        let before = system.kernel.task(tasks[index].task).pointee.mappedPages
        memory(system, tasks[index], pool, &random)
        if system.kernel.task(tasks[index].task).pointee.mappedPages > before { mapped += 1 }
        if shows(system, tasks[index]) { shared += 1 }
      case 11, 12: change(&threads[index], system, &random)
      default: message(system, random.pick(threads[index]), &random)
      }
      guard step % 50 == 49 else { continue }
      #expect(system.audit() == [], "step \(step)")
      digests.append(system.digest())
    }
    for child in children { if let child { system.destroy(child) } }
    for task in tasks { end(system, task, tasks) }
    for slot in 44...46 as ClosedRange<UInt64> { system.call(server, .drop, Message(handle: slot)) }
    #expect(shared > 0 || seed > 2, "nothing was shared")
    for slot in [41, 42, 43] as [UInt64] { system.must(server, .drop, Message(handle: slot)) }
    #expect(system.audit() == [])
    // What stays: the idle task's two frames; the shared objects had room on boot's frame.
    #expect(system.freeFrames() == free - 2)
    #expect(mapped > 5 && moved > 5 && resized > 5, "the work was mostly refused")
    #expect((system.quickSwitches > 0) == quick)
    return digests
  }

  /// A region gets shorter by what is empty, or longer as far as there is room; what may be shown follows, or not. Whether
  /// it has another length.
  private func resize(_ system: SimulatedSystem, _ task: Actor, _ random: inout Seeded) -> Bool {
    let slot = 30 + random.next(below: 4)
    let address = task.task + 1280 + slot * 32
    let before = system.kernel.machine.memory(address, as: Handle.self).pointee.region
    let pages = 1200 - random.next(below: random.pick([170, 170, 170, 1200]))
    let shown = random.next(below: 3) == 0 ? random.next(below: pages + 1) : pages
    if random.next(below: 4) == 0 { system.kernel.machine.pending.append(40 + UInt32(random.next(below: 900))) }
    system.call(system.memoryServer, .resize, Message(slot, pages, shown, handle: task.slot))
    return system.kernel.machine.memory(address, as: Handle.self).pointee.region != before
  }

  /// A task starts one of its own, ends it, or gives it another quota; whether quotas changed.
  private func give(_ system: SimulatedSystem, _ task: Actor, _ child: inout Actor?, _ random: inout Seeded) -> Bool {
    let quota = random.next(below: 40)
    if let old = child {
      if random.next(below: 5) == 0 {
        system.destroy(old)
        child = nil
        return true
      }
      let message = Message(quota, task.slot, 0, 0, 0, 0, 2, handle: old.slot)
      return system.call(system.memoryServer, .quota, message).refusal == nil
    }
    let account = system.kernel.task(task.task).pointee
    guard quota >= 2, quota <= account.quota - account.used else { return false }
    child = system.spawn(slot: task.slot + 10, priority: 0, quota: quota, account: task.slot)
    return true
  }

  private func spawn(_ system: SimulatedSystem, _ slot: UInt64, _ random: inout Seeded) -> Actor {
    let task = system.spawn(slot: slot, priority: 1 + random.next(below: 4), quota: 40 + random.next(below: 600))
    for target in 41...43 as ClosedRange<UInt64> { system.give(target, to: task, target - 33, badge: slot) }
    system.give(41, to: task, 1, badge: slot)
    system.must(task, .null)
    return task
  }

  /// A further thread comes or goes.
  private func change(_ threads: inout [Actor], _ system: SimulatedSystem, _ random: inout Seeded) {
    let slot = 70 + UInt64(threads.count)
    let account = system.kernel.task(threads[0].task).pointee
    let owner = threads[0]
    guard system.state(owner) == ThreadState.ready, system.kernel.thread(owner.thread).pointee.isSuspended == 0 else {
      return
    }
    if threads.count < 7, random.next(below: 3) > 0 {
      guard account.used < account.quota else { return }
      let priority = system.kernel.thread(owner.thread).pointee.priority
      threads.append(system.spawnThread(of: owner, slot: slot, priority: random.next(below: priority + 1)))
    } else if threads.count > 1 {
      threads.removeLast()
      system.must(owner, .drop, Message(handle: slot - 1))
    }
  }

  /// Whether a task shows pages of another's region, or of another of its own.
  private func shows(_ system: SimulatedSystem, _ task: Actor) -> Bool {
    (30..<34 as Range<UInt64>).contains { slot in
      let region = system.kernel.machine.memory(task.task + 1280 + slot * 32, as: Handle.self).pointee
      guard region.word.kind == .region, !region.region.isPrivate, region.mapped > 0 else { return false }
      return system.kernel.memoryObject(region.word.object).pointee.kind == 6
    }
  }

  /// Unmaps what others show of a region, as its refusals name them, until the region's pages may go.
  private func withdraw(_ system: SimulatedSystem, _ task: Actor, _ slot: UInt64, _ tasks: [Actor]) {
    let server = system.memoryServer
    let area = system.kernel.machine.memory(task.task + 1280 + slot * 32, as: Handle.self).pointee.region
    while let refusal = system.call(server, .unmap, Message(slot, area.page, 1, handle: task.slot)).refusal {
      guard refusal.status == .regionMapped,
        let other = tasks.first(where: { DirectMap.frame($0.task) == refusal.value })
      else {
        return
      }
      let shown = system.kernel.machine.memory(other.task + 1280 + refusal.limit * 32, as: Handle.self).pointee.region
      unmap(system, other, refusal.limit, shown)
    }
  }

  private func unmap(_ system: SimulatedSystem, _ task: Actor, _ slot: UInt64, _ area: RegionWord) {
    var page = area.page
    while page < area.page + area.pages {
      let left = area.page + area.pages - page
      page += system.must(system.memoryServer, .unmap, Message(slot, page, left, handle: task.slot))[0]
    }
  }

  /// Unmaps all that a task has, and ends it.
  private func end(_ system: SimulatedSystem, _ task: Actor, _ tasks: [Actor]) {
    for slot in 1..<88 as Range<UInt64> {
      let region = system.kernel.machine.memory(task.task + 1280 + slot * 32, as: Handle.self).pointee
      guard region.word.kind == .region else { continue }
      withdraw(system, task, slot, tasks)
      unmap(system, task, slot, region.region)
    }
    system.destroy(task)
  }

  /// A region made, mapped, unmapped or dropped, on whatever frames.
  private func memory(_ system: SimulatedSystem, _ task: Actor, _ pool: UInt64, _ random: inout Seeded) {
    let server = system.memoryServer
    let slot = 30 + random.next(below: 4)
    let base = (slot - 29) << (slot < 32 ? 10 : 19)
    let frame = pool + random.next(below: 1500)
    let page = base + random.next(below: 3) * 256
    let count = random.pick([1, 1, 2, 16, 17, 48, 256, 512] as [UInt64])
    switch system.handle(task, slot) == .empty ? 0 : 1 + random.next(below: 14) {
    case 0, 1:
      let memory = random.pick([0, 0, 4, 44, 45, 46] as [UInt64])
      let rights = random.pick([1, 3, 5] as [UInt64])
      let pages: UInt64 = memory == 4 ? 16 : 1024
      system.call(server, .region, Message(slot, base, pages, rights, memory, 0, handle: task.slot))
    case 9, 10, 11:
      let name = 44 + random.next(below: 3)
      system.call(server, .drop, Message(handle: name))
      system.call(server, .create, Message(task.slot, 4, pool + random.next(below: 1500), name, 0, slot, handle: 2))
    case 2...6:
      // Frames that lie as the pages do, so that runs fit, half of the time.
      let run: UInt64 = count == 512 || random.next(below: 4) == 0 ? 511 : random.next(below: 2) * 15
      let aligned = frame & ~run | page & run
      let spares = (pool + random.next(below: 1500), pool + random.next(below: 1500))
      if random.next(below: 4) == 0 { system.kernel.machine.pending.append(40 + UInt32(random.next(below: 900))) }
      system.call(server, .map, Message(slot, page, count, aligned, spares.0, spares.1, 2, handle: task.slot))
    case 7, 8:
      let part = page + random.next(below: 2) * random.next(below: 40)
      let spare = pool + random.next(below: 1500)
      system.call(server, .unmap, Message(slot, part, count, 0, spare, 0, 2, handle: task.slot))
    case 12, 13:
      let rights = random.pick([1, 3, 5] as [UInt64])
      let area = system.kernel.machine.memory(task.task + 1280 + slot * 32, as: Handle.self).pointee.region
      var next = area.page
      while next < area.page + area.pages {
        let left = area.page + area.pages - next
        let result = system.call(server, .protect, Message(slot, next, left, rights, handle: task.slot))
        next += result.refusal == nil ? result[0] : left
      }
    default: system.call(server, .drop, Message(task.slot, handle: slot))
    }
  }

  /// A call of a task that can run; else the memory server signals, suspends or resumes it.
  private func message(_ system: SimulatedSystem, _ task: Actor, _ random: inout Seeded) {
    let isSuspended = system.kernel.thread(task.thread).pointee.isSuspended != 0
    guard system.state(task) == ThreadState.ready, !isSuspended else {
      let action = random.next(below: 3)
      if action == 0 { system.call(system.memoryServer, .signal, Message(handle: 43)) }
      if action == 1 { system.call(system.memoryServer, .thread, Message(1, handle: task.slot)) }
      if action == 2 { system.call(system.memoryServer, .thread, Message(2, handle: task.slot)) }
      return
    }
    let operations: [Operation] = [
      .call, .call, .receive, .replyReceive, .replyReceive, .reply, .saveReply, .forward, .signal, .wait, .yield, .copy,
      .drop, .thread,
    ]
    let operation = random.pick(operations)
    let slot = operation == .signal || operation == .wait ? 10 : random.pick([8, 9, 20, 21, 0] as [UInt64])
    var message = Message(handle: slot, transfer: random.next(below: 3) == 0 ? Transfer(pass: 10, receive: 24).raw : 0)
    if operation == .saveReply { message[0] = 20 + random.next(below: 2) }
    if operation == .copy { message = Message(0, 22 + random.next(below: 3), 7, handle: 8 + random.next(below: 3)) }
    if operation == .drop { message = Message(handle: 20 + random.next(below: 5)) }
    if operation == .thread { message = Message(3, 10) }
    if random.next(below: 20) == 0 {
      system.makeCurrent(task.thread)
      system.fault(syndrome: 0x9200_0007, address: random.next())
    } else {
      system.call(task, operation, message)
    }
  }
}
