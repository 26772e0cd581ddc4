internal import AArch64
internal import ABI
internal import Machine

// A region of private pages in the table of a task: what comes before nearly every page, and goes behind it; and the facts
// of a handle, by which the memory server knows a region.

/// What `inspect` tells of a handle.
public struct QuickFacts {
  /// Kind, rights and the object's physical address.
  public var word: UInt64
  /// The badge, or what a region covers.
  public var value: UInt64
  /// Of a region where in its Memory it starts.
  public var offset: UInt64
  /// Of a region the pages that are mapped.
  public var mapped: UInt64
}

extension Kernel where M: ~Copyable {
  /// `region` of private pages that are no device's: the tables that its first page lacks.
  @inline(__always) public mutating func quickRegion(
    _ caller: QuickCaller, _ place: QuickPage, pages: UInt64, rights: UInt64, flags: UInt64
  ) -> UInt64? {
    guard let owner = quickSpace(caller, place.task) else { return nil }
    let t = machine.pinned(owner, as: Task.self)
    guard place.region != 0, place.region < t.pointee.slots else { return nil }
    let slot = owner &+ Task.handlesOffset &+ place.region &* Task.handleBytes
    guard handle(slot).pointee.word == .empty else { return nil }
    let most = Geometry.taskPages
    guard place.page &- 1 < most &- 1, pages &- 1 < most &- place.page else { return nil }
    // Read, read and write, read and execute.
    guard rights < 6, 0b10_1010 &>> rights & 1 != 0 else { return nil }
    let flags = RegionFlags(raw: flags)
    guard flags.raw & ~RegionFlags.ofPrivate == 0, flags.isValid, !flags.isDMA else { return nil }
    let area = RegionWord(page: place.page, pages: pages, isPrivate: true, flags: flags)
    let (before, behind) = regions(around: place.page, of: owner)
    guard before == 0 || isApart(before, area), behind == 0 || isApart(behind, area) else { return nil }
    handle(slot).pointee.word = HandleWord(raw: ObjectKind.region.rawValue | rights << 4)
    handle(slot).pointee.value = area.raw
    handle(slot).pointee.nextWord = 0
    handle(slot).pointee.previousWord = 0
    enterRegion(slot, of: owner)
    return missingTables(t, page: place.page)
  }

  /// `drop` of such a region in the table of another task, when no page of it is left and it has no name.
  @inline(__always) public func quickDrop(_ caller: QuickCaller, task number: UInt64, slot: UInt64) -> Bool {
    guard number != 0, let owner = quickSpace(caller, number) else { return false }
    let space = QuickCaller(0, handles: owner &+ Task.handlesOffset, slots: task(owner).pointee.slots)
    guard let found = quickHandle(space, slot, .region, right: 0) else { return false }
    guard found.pointee.region.isPrivate, found.pointee.word.object == 0, found.pointee.mapped == 0 else {
      return false
    }
    let address = space.handles &+ slot &* Task.handleBytes
    leaveRegion(address, of: owner)
    clear(found)
    return true
  }

  /// `inspect` of a handle in the table of a task.
  @inline(__always) public func quickInspect(_ caller: QuickCaller, task number: UInt64, slot: UInt64) -> QuickFacts? {
    var (handles, slots) = (caller.handles, caller.slots)
    if number != 0 {
      guard let found = quickHandle(caller, number, .task, right: Rights.Task.control.rawValue) else { return nil }
      let owner = found.pointee.word.plainObject
      guard task(owner).pointee.destroyPhase == 0 else { return nil }
      (handles, slots) = (owner &+ Task.handlesOffset, task(owner).pointee.slots)
    }
    guard slot < slots else { return nil }
    let found = handle(handles &+ slot &* Task.handleBytes)
    return QuickFacts(
      word: found.pointee.word.shown.raw, value: found.pointee.shownValue, offset: found.pointee.offset,
      mapped: found.pointee.mapped)
  }

  /// Word by word: as one value it would go by way of the stack.
  @inline(__always) private func clear(_ slot: Reference<Handle>) {
    slot.pointee.word = .empty
    slot.pointee.value = 0
    slot.pointee.nextWord = 0
    slot.pointee.previousWord = 0
  }

  /// How many tables a page lacks under the root.
  @inline(__always) func missingTables(_ t: Reference<Task>, page: UInt64) -> UInt64 {
    let first = entry(of: t.pointee.translation >> 12 & 0x7ff_ffff, page: page, level: 1)
    guard first.isTable(level: 1) else { return 2 }
    return entry(of: first.frame, page: page, level: 2).isTable(level: 2) ? 0 : 1
  }
}
