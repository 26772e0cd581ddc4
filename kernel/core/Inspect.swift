internal import AArch64
internal import ABI
internal import Machine

extension Kernel where M: ~Copyable {
  /// `inspect`: facts about what the caller holds; changes nothing.
  mutating func inspect(_ caller: UInt64) throws(Refusal) {
    let own = thread(caller).pointee.task
    switch Inspection(rawValue: word(caller, 0)) {
    case .handle:
      let owner = try actingTask(handleWord(caller), of: own, .control)
      let found = handle(try slot(word(caller, 1), of: owner)).pointee
      show(caller, found.word.shown.raw, found.shownValue, found.offset, found.mapped)
    case .translation:
      // Frames are physical addresses: a task does not learn them of its own pages, only who serves it does.
      let owner = try addressSpace(handleWord(caller), of: own)
      let page = try page(caller)
      let walk = walk(owner, page: page)
      guard walk.entry.isLeaf(level: walk.level) else { return show(caller, 0, 0, 0, 0) }
      let covered = TableGeometry.frames(level: walk.level)
      show(
        caller, walk.level, walk.entry.frame + page & (covered - 1), walk.entry.rights.rawValue, covered)
    case .probe: try probe(caller, own)
    case .region: inspectRegion(caller, try actingTask(handleWord(caller), of: own, .control), try page(caller))
    case .memory: try inspectMemory(caller, try addressSpace(handleWord(caller), of: own))
    case .task: inspectTask(caller, try actingTask(handleWord(caller), of: own, .control))
    case .interrupt:
      let found = try find(handleWord(caller), of: own, .interrupt, rights: Rights.Interrupt.show.rawValue)
      let object = interruptObject(found.word.object).pointee
      show(caller, object.number, object.trigger, object.deliveries, object.isActive)
      setWord(caller, 4, handle(listHead(found.word.object).pointee).pointee.next == 0 ? 0 : 1)
    case .kernel:
      show(caller, facts.staticTables, facts.grownTables, facts.bootFrames, facts.readOnlyBytes)
      setWord(caller, 4, facts.dataBytes)
      setWord(caller, 5, facts.lostBytes)
      setWord(caller, 6, machine.counterFrequency)
      setWord(caller, 7, facts.processors)
    case .thread: try inspectThread(caller, own)
    case .account: try inspectAccount(caller, own)
    case .ram:
      let range = try inspectRAM(caller)
      show(caller, range.first, range.count, 0, 0)
    case nil: throw Refusal(.invalidOperation, word(caller, 0), limit: Inspection.ram.rawValue)
    }
  }

  /// The page of a task's half that x1 names.
  private func page(_ caller: UInt64) throws(Refusal) -> UInt64 {
    let page = word(caller, 1)
    guard page < Geometry.taskPages else { throw Refusal(.outOfRange, page, limit: Geometry.taskPages) }
    return page
  }

  /// The region that a page belongs to, or else the first one behind it: so all are found without asking slot by slot.
  private func inspectRegion(_ caller: UInt64, _ owner: UInt64, _ page: UInt64) {
    let (before, behind) = regions(around: page, of: owner)
    let isWithin = before != 0 && handle(before).pointee.region.holds(page)
    let slot = isWithin ? before : behind
    setWord(caller, 4, 0)
    guard slot != 0 else { return show(caller, 0, 0, 0, 0) }
    let found = handle(slot)
    show(
      caller, number(ofSlot: slot, of: owner), found.pointee.word.shown.raw, found.pointee.value,
      found.pointee.mapped)
    setWord(caller, 4, found.pointee.offset)
  }

  /// A Memory by a handle or by a region that shows it.
  private func inspectMemory(_ caller: UInt64, _ owner: UInt64) throws(Refusal) {
    let number = word(caller, 1)
    let found = handle(try slot(number, of: owner)).pointee.word
    guard found.kind == .memory || found.kind == .region, found.object != 0 else {
      throw Refusal(.wrongKind, found.kindNumber, limit: ObjectKind.memory.rawValue)
    }
    let shown = memoryObject(found.object).pointee
    guard shown.kind == MemoryUse.shared, shown.home != 0 else {
      return show(caller, shown.kind, shown.frames, shown.kind == MemoryUse.device ? shown.frame : 0, 0)
    }
    let owner = self.owner(ofSlot: shown.home)
    let home = handle(shown.home).pointee.region
    show(caller, shown.kind, shown.frames, DirectMap.frame(owner), self.number(ofSlot: shown.home, of: owner))
    setWord(caller, 4, home.page)
    setWord(caller, 5, shown.shown)
  }

  /// Asks the MMU. Its answer holds a physical address, so that only who maps memory in the task may ask; where the
  /// kernel's half lies is no secret.
  private func probe(_ caller: UInt64, _ own: UInt64) throws(Refusal) {
    let owner = try addressSpace(handleWord(caller), of: own)
    let level = word(caller, 2)
    guard level <= 1 else { throw Refusal(.outOfRange, level, limit: 1) }
    let answer = machine.probe(
      word(caller, 1), asTask: level == 1, translation: task(owner).pointee.translation,
      returningTo: thread(caller).pointee.translation)
    show(caller, answer, 0, 0, 0)
  }

  private func inspectTask(_ caller: UInt64, _ owner: UInt64) {
    let words = task(owner).pointee
    let t = thread(owner + Task.threadOffset).pointee
    show(caller, words.name, words.quota, words.used, t.state)
    setWord(caller, 4, words.slots)
    setWord(caller, 5, words.tables)
    setWord(caller, 6, words.mappedPages)
    setWord(caller, 7, t.priority | words.faults << 8)
  }

  /// The account of a task, also of one that is being destroyed: until its end is done it has its quota.
  private func inspectAccount(_ caller: UInt64, _ own: UInt64) throws(Refusal) {
    let number = handleWord(caller)
    let owner =
      number == 0
      ? try addressSpace(0, of: own) : try find(number, of: own, .task, rights: Rights.Task.memory.rawValue).word.object
    let words = task(owner).pointee
    show(caller, words.quota, words.used, DirectMap.frame(words.parent), words.children)
    setWord(caller, 4, words.given)
    setWord(caller, 5, words.objects)
    setWord(caller, 6, words.tables)
  }

  private func show(_ caller: UInt64, _ x0: UInt64, _ x1: UInt64, _ x2: UInt64, _ x3: UInt64) {
    succeed(caller, x0, x1, x2)
    setWord(caller, 3, x3)
  }
}
