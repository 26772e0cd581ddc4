import ABI
import KernelCore
import Machine

extension Audit {
  /// All tasks: a frame of objects that is its own account.
  var tasks: [UInt64] {
    system.usedFrames.filter { $0.word.kind == .objects && $0.word.task == $0.frame }.map {
      DirectMap.address($0.frame)
    }
  }

  /// The leaf table that a task remembers is the one to which a walk for its pages leads.
  private mutating func checkLeaf(_ task: UInt64) {
    let words = system.kernel.task(task).pointee
    guard words.leafNumber != .max else { return }
    var table = words.translation >> 12 & 0x7ff_ffff
    for shift in [9, 0] as [UInt64] {
      let entry = word(DirectMap.address(table) + (words.leafNumber >> shift & 511) * 8)
      guard entry & 3 == 3 else { return expect(false, "task \(task): no table where its leaf is remembered") }
      table = entry >> 12 & 0x7ff_ffff
    }
    expect(table == words.leaf, "task \(task): remembers leaf \(words.leaf) instead of \(table)")
  }

  /// Tables, regions, accounts and handle lists of every task; then the ledger, frame by frame.
  mutating func checkTasks() {
    var counts: [FrameKind: Int] = [:]
    let tasks = tasks
    for task in tasks {
      let words = system.kernel.task(task).pointee
      guard words.destroyPhase == 0 else { continue }
      seen = [:]
      let before = tables.count
      walk(words.translation >> 12 & 0x7ff_ffff, level: 1, page: 0, parent: DirectMap.frame(task), entry: 0)
      expect(tables.count - before == Int(words.tables), "task \(task): tables \(words.tables)")
      expect(seen.count == Int(words.mappedPages), "task \(task): pages \(words.mappedPages)")
      let owned = checkPages(task)
      counts[.privatePage, default: 0] += owned
      let objects = objectFrames(words.objectFrames)
      counts[.objects, default: 0] += objects + 1 + Int(words.extraFrames)
      expect(Int(words.objects) == objects + 1 + Int(words.extraFrames), "task \(task): objects \(words.objects)")
      let children = tasks.filter { system.kernel.task($0).pointee.parent == task }
      expect(children.count == Int(words.children), "task \(task): children \(words.children)")
      let given = children.reduce(0) { $0 + Int(system.kernel.task($1).pointee.quota) }
      expect(given == Int(words.given), "task \(task): given away \(words.given), not \(given)")
      let used = Int(words.tables) + owned + objects + 1 + Int(words.extraFrames) + given
      expect(used == Int(words.used), "task \(task): account says \(words.used), not \(used)")
      expect(words.used <= words.quota, "task \(task) is over its quota")
      checkLeaf(task)
      checkHandles(task)
      checkRegions(task)
    }
    guard tasks.allSatisfy({ system.kernel.task($0).pointee.destroyPhase == 0 }) else { return }
    counts[.table] = tables.count + Int(system.kernel.facts.grownTables)
    checkLedger(counts)
  }

  private func objectFrames(_ newest: UInt64) -> Int {
    var (frame, count) = (newest, 0)
    while frame != 0 { (frame, count) = (word(DirectMap.address(frame)), count + 1) }
    return count
  }

  /// Each page lies in one region, with its rights, on a frame that is a page; returns the private ones.
  private mutating func checkPages(_ task: UInt64) -> Int {
    var owned = 0
    var inRegions = 0
    for slot in 1..<system.kernel.task(task).pointee.slots {
      let region = system.kernel.machine.memory(task + 1280 + slot * 32, as: Handle.self).pointee
      guard region.word.kind == .region else { continue }
      let pages = seen.filter { $0.key >= region.region.page && $0.key < region.region.page + region.region.pages }
      expect(pages.count == Int(region.mapped), "region \(slot) of task \(task): \(region.mapped) of \(pages.count)")
      inRegions += pages.count
      for (page, found) in pages {
        let copies = region.region.flags.copiesOnWrite
        let isCopy = copies && ledger(found.frame) == .privatePage(task: DirectMap.frame(task), page: page)
        if isCopy { owned += 1 }
        let masked: UInt64 = copies && !isCopy ? 5 : 7
        expect(found.rights == region.word.rights & masked, "page \(page): rights \(found.rights)")
        guard !found.isDevice, !isCopy else { continue }
        let wanted =
          region.region.isPrivate
          ? LedgerWord.privatePage(task: DirectMap.frame(task), page: page) : shown(region, page)
        let said = ledger(found.frame)
        expect(said == wanted, "page \(page) on frame \(found.frame): \(said)")
      }
      if region.region.isPrivate { owned += pages.count }
    }
    expect(inRegions == seen.count, "task \(task): pages outside regions")
    return owned
  }

  /// What the ledger must say of a page that a region shows: fixed, or a page of the region that is its home.
  private func shown(_ region: Handle, _ page: UInt64) -> LedgerWord {
    let shared = system.kernel.memoryObject(region.word.object).pointee
    guard shared.kind == 6, shared.home != 0 else { return .fixed }
    let home = system.kernel.machine.memory(shared.home, as: Handle.self).pointee.region
    let index = region.offset + page - region.region.page
    return .privatePage(task: ledger(DirectMap.frame(shared.home)).task, page: home.page + index)
  }

  /// A shared Memory counts the pages that regions besides its home show.
  private mutating func checkShown(_ home: Handle) {
    let (page, memory) = (home.region.page, system.kernel.memoryObject(home.word.object).pointee)
    var sum: UInt64 = 0
    var next = word(home.word.object)
    while next != 0 {
      let found = system.kernel.machine.memory(next, as: Handle.self).pointee
      if found.word.kind == .region, !found.region.isPrivate {
        sum += found.mapped - copies(found, slot: next)
        expect(found.offset + found.region.pages <= memory.frames, "shared memory of page \(page): one shows more")
      }
      next = found.next
    }
    expect(memory.shown == sum, "shared memory of page \(page): shown \(memory.shown), not \(sum)")
    expect(memory.frames <= home.region.pages, "shared memory of page \(page): longer than its home")
  }

  /// Pages of a region that copies on write which are its task's own.
  private func copies(_ region: Handle, slot: UInt64) -> UInt64 {
    guard region.region.flags.copiesOnWrite else { return 0 }
    let task = ledger(DirectMap.frame(slot)).task
    return UInt64(
      system.usedFrames.count {
        $0.word.kind == .privatePage && $0.word.task == task && region.region.holds($0.word.page)
      })
  }

  /// Each handle lies on its object's list, once, between its neighbours; the object lives.
  private mutating func checkHandles(_ task: UInt64) {
    for slot in 1..<system.kernel.task(task).pointee.slots {
      let address = task + 1280 + slot * 32
      let handle = system.kernel.machine.memory(address, as: Handle.self).pointee
      let object = handle.word.object
      guard object != 0 else { continue }
      if handle.isHome { checkShown(handle) }
      let before = handle.previous == 0 ? word(object) : next(handle.previous)
      expect(before == address, "handle \(slot) of task \(task) is not on its list")
      if handle.next != 0 {
        let after = system.kernel.machine.memory(handle.next, as: Handle.self).pointee
        expect(after.previous == address, "handle \(slot) of task \(task): its next one")
      }
      let live = ledger(DirectMap.frame(object))
      let bit: UInt32 = 1 << UInt32(object >> 7 & 31)
      expect(live.kind == .objects && live.live & bit != 0, "handle \(slot) of task \(task): dead object")
    }
  }

  private func next(_ address: UInt64) -> UInt64 {
    system.kernel.machine.memory(address, as: Handle.self).pointee.next
  }

  private mutating func checkLedger(_ counts: [FrameKind: Int]) {
    var found: [FrameKind: Int] = [:]
    for used in system.usedFrames { found[used.word.kind, default: 0] += 1 }
    for kind in [FrameKind.privatePage, .table, .objects] {
      expect(
        found[kind, default: 0] == counts[kind, default: 0],
        "\(found[kind, default: 0]) frames are \(kind), not \(counts[kind, default: 0])")
    }
  }
}
