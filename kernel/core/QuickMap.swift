internal import AArch64
internal import ABI
internal import Machine

// One page into a leaf table that is there, and out of one that stays: what a pager does most. As in Quick.swift whatever
// is not plain bails out before the first write: executable pages, what copies on write, what merges to a larger run or
// is a part of one.

/// What `map` and `unmap` ask for.
public struct QuickPage {
  /// Slot of the Task handle, 0 for the caller's own.
  var task: UInt64
  /// Slot of the region in that task.
  var region: UInt64
  /// Virtual page.
  var page: UInt64

  /// A page of a region of a task.
  @inline(__always) public init(task: UInt64, region: UInt64, page: UInt64) {
    self.task = task
    self.region = region
    self.page = page
  }
}

extension Kernel where M: ~Copyable {
  /// `map` of one page.
  /// - Parameters:
  ///   - frame: a free frame, where the page is private.
  ///   - authority: the slot of the Memory that it comes from.
  @inline(__always) public mutating func quickMap(
    _ caller: QuickCaller, _ place: QuickPage, frame given: UInt64, authority: UInt64
  ) -> Bool {
    guard let owner = quickSpace(caller, place.task), let region = quickRegion(owner, place) else { return false }
    let area = region.pointee.region
    guard region.pointee.word.rights & Rights.Memory.execute.rawValue == 0 else { return false }
    let t = machine.pinned(owner, as: Task.self)
    let frame: UInt64
    var kind = MemoryKind.normal
    var home: UInt64 = 0
    if area.isPrivate {
      guard t.pointee.used < t.pointee.quota, quickIsFree(caller, given, authority) else { return false }
      frame = given
    } else {
      let shown = machine.pinned(region.pointee.word.object, as: Memory.self)
      let index = region.pointee.offset &+ place.page &- area.page
      home = shown.pointee.home
      if home != 0 {
        guard let there = quickHomeFrame(home, index) else { return false }
        frame = there
      } else {
        frame = shown.pointee.frame &+ index
        if shown.pointee.kind == MemoryUse.device {
          kind = .device
          guard frame != devices.uartFrame else { return false }
        } else if shown.pointee.kind != MemoryUse.fixed {
          return false
        }
      }
    }
    guard let leaf = quickLeaf(t, place.page) else { return false }
    guard machine.descriptor(table: leaf, index: place.page & 511) == 0 else { return false }
    if (place.page ^ frame) & 15 == 0 {
      // The far end of its 16: where that is empty they are not whole.
      var far = place.page & 511 | 15
      if far == place.page & 511 { far &-= 15 }
      guard machine.descriptor(table: leaf, index: far) == 0 else { return false }
    }
    if area.isPrivate {
      machine.clear(frame: frame)
      ram.cleared = FrameRange(0, 0)
      ledger(frame).pointee = .privatePage(task: DirectMap.frame(owner), page: place.page)
      t.pointee.used &+= 1
    }
    if home != 0 { memoryObject(region.pointee.word.object).pointee.shown &+= 1 }
    region.pointee.mapped &+= 1
    t.pointee.mappedPages &+= 1
    t.pointee.noteLeaf(leaf, place.page)
    ledger(leaf).pointee = ledger(leaf).pointee.using(1)
    let isWritten = region.pointee.word.rights & Rights.Memory.write.rawValue != 0
    let new = Descriptor.data(frame: frame, isWritten: isWritten, kind: kind)
    machine.setDescriptor(table: leaf, index: place.page & 511, to: new.raw)
    machine.publishTables()
    return true
  }

  /// `unmap` of one page that is there: the frame that comes free, 0 where it is not the task's.
  @inline(__always) public mutating func quickUnmap(_ caller: QuickCaller, _ place: QuickPage) -> UInt64? {
    guard let owner = quickSpace(caller, place.task), let region = quickRegion(owner, place) else { return nil }
    let isPrivate = region.pointee.region.isPrivate
    let object = region.pointee.word.object
    let t = machine.pinned(owner, as: Task.self)
    guard let leaf = quickLeaf(t, place.page) else { return nil }
    let old = Descriptor(raw: machine.descriptor(table: leaf, index: place.page & 511))
    guard old.isValid, !old.isContiguous, ledger(leaf).pointee.used > 1 else { return nil }
    if isPrivate {
      guard object == 0, !isPrepared(old.frame) else { return nil }
    } else {
      let shown = memoryObject(object)
      guard shown.pointee.kind != MemoryUse.shared, old.frame != devices.uartFrame else { return nil }
    }
    machine.setDescriptor(table: leaf, index: place.page & 511, to: Descriptor.empty.raw)
    ledger(leaf).pointee = ledger(leaf).pointee.using(-1)
    machine.publishTables()
    machine.invalidate(page: place.page, identifier: t.pointee.translation >> 48)
    machine.completeInvalidation()
    region.pointee.mapped &-= 1
    t.pointee.mappedPages &-= 1
    t.pointee.noteLeaf(leaf, place.page)
    guard isPrivate else { return 0 }
    t.pointee.used &-= 1
    ledger(old.frame).pointee = .free
    return old.frame
  }

  /// The task whose address space a call changes.
  @inline(__always) func quickSpace(_ caller: QuickCaller, _ number: UInt64) -> UInt64? {
    guard number != 0 else {
      let own = caller.handles &- Task.handlesOffset
      return task(own).pointee.parent == 0 ? own : nil
    }
    guard let found = quickHandle(caller, number, .task, right: Rights.Task.memory.rawValue) else { return nil }
    let owner = found.pointee.word.plainObject
    return task(owner).pointee.destroyPhase == 0 ? owner : nil
  }

  /// The region that holds the page, unless it copies on write.
  @inline(__always) private func quickRegion(_ owner: UInt64, _ place: QuickPage) -> Reference<Handle>? {
    let space = QuickCaller(0, handles: owner &+ Task.handlesOffset, slots: task(owner).pointee.slots)
    guard let found = quickHandle(space, place.region, .region, right: 0) else { return nil }
    let area = found.pointee.region
    guard place.page &- area.page < area.pages, !area.flags.copiesOnWrite else { return nil }
    return found
  }

  /// Whether a frame is free, claimed, and the authority's to give.
  @inline(__always) private func quickIsFree(_ caller: QuickCaller, _ frame: UInt64, _ authority: UInt64) -> Bool {
    guard let found = quickHandle(caller, authority, .memory, right: Rights.Memory.read.rawValue) else { return false }
    let memory = machine.pinned(found.pointee.word.plainObject, as: Memory.self)
    return memory.pointee.kind == MemoryUse.authority && frame &- memory.pointee.frame < memory.pointee.frames
      && ram.used.contains(frame) && isClaimed(frame) && ledger(frame).pointee.isFree
  }

  /// The frame behind a page of a shared Memory, where its home has it in a leaf table.
  @inline(__always) private func quickHomeFrame(_ home: UInt64, _ index: UInt64) -> UInt64? {
    let page = handle(home).pointee.region.page &+ index
    guard let leaf = quickLeaf(task(owner(ofSlot: home)), page) else { return nil }
    let there = Descriptor(raw: machine.descriptor(table: leaf, index: page & 511))
    return there.isValid ? there.frame : nil
  }

  /// The leaf table that is there for a page.
  @inline(__always) private func quickLeaf(_ t: Reference<Task>, _ page: UInt64) -> UInt64? {
    guard t.pointee.leafNumber != page >> 9 else { return t.pointee.leaf }
    let first = entry(of: t.pointee.translation >> 12 & 0x7ff_ffff, page: page, level: 1)
    guard first.isTable(level: 1) else { return nil }
    let second = entry(of: first.frame, page: page, level: 2)
    guard second.isTable(level: 2) else { return nil }
    return second.frame
  }
}
