import ABI
import KernelCore

extension BadCalls {
  typealias Page = World.Page

  private static func refuse(
    _ operation: Operation, _ what: String, _ status: Status, _ value: UInt64, _ limit: UInt64 = 0,
    _ message: @escaping @Sendable (World) -> Message
  ) -> BadCall {
    BadCall(operation, what, Refusal(status, value, limit: limit), message)
  }

  private static func region(
    _ slot: UInt64 = Slot.empty, _ page: UInt64 = 0x2000, _ pages: UInt64 = 1, rights: UInt64 = 1, memory: UInt64 = 0,
    offset: UInt64 = 0, flags: UInt64 = 0
  ) -> Message { Message(slot, page, pages, rights, memory, offset, flags, handle: Slot.own) }

  private static let flags: [BadCall] = [
    refuse(.region, "an unknown flag", .outOfRange, 1 << 63, RegionFlags.ofPrivate) { _ in region(flags: 1 << 63) },
    refuse(.region, "the private bit as a flag", .outOfRange, 1 << 54, RegionFlags.ofPrivate) { _ in
      region(flags: 1 << 54)
    },
    refuse(.region, "flags max", .outOfRange, big, RegionFlags.ofPrivate) { _ in region(flags: big) },
    refuse(.region, "a fit that comes at once", .outOfRange, 1 << 56, RegionFlags.ofPrivate) { _ in
      region(flags: 1 << 56)
    },
    refuse(.region, "fit 3", .outOfRange, 7 << 55, RegionFlags.ofPrivate) { _ in region(flags: 7 << 55) },
    refuse(.region, "a device's memory that comes lazily", .outOfRange, 1 << 55 | 1 << 61, RegionFlags.ofPrivate) { _ in
      region(flags: 1 << 55 | 1 << 61)
    },
    refuse(.region, "a device's memory of a lease beyond all slots", .outOfRange, 1 << 28, Handle.maximumOffset) { _ in
      region(offset: 1 << 28, flags: 1 << 61)
    },
    refuse(.region, "a Memory as a device's memory", .outOfRange, 1 << 61, 0) { _ in
      region(memory: Slot.bundle, flags: 1 << 61)
    },
    refuse(.region, "a Memory that comes lazily", .outOfRange, 1 << 55, 0) { _ in
      region(memory: Slot.bundle, flags: 1 << 55)
    },
    refuse(.region, "guards on another region", .regionOverlap, Page.region + 8, Slot.region) { _ in
      region(Slot.empty, Page.region + 8, flags: 1 << 60)
    },
  ]

  static let regions: [BadCall] =
    flags
    + slots(.region, .task, right: 1, without: Slot.taskNoRights) { Message(60, 0x2000, 1, 1, handle: $0) }
    + slots(.region, .memory, right: 1, without: Slot.memoryNoRights) { region(memory: $0) }
    + [
      refuse(.region, "in its own space without a handle", .missingRight, 0, 1) { _ in Message(60, 0x2000, 1, 1) },
      refuse(.region, "in a dying task", .busy, Slot.dying) { _ in Message(60, 0x2000, 1, 1, handle: Slot.dying) },
      refuse(.region, "in slot 0", .slotOutside, 0, 88) { _ in region(0) },
      refuse(.region, "in a taken slot", .slotOccupied, 8) { _ in region(8) },
      refuse(.region, "no pages", .outOfRange, 0x2000, 1 << 27) { _ in region(Slot.empty, 0x2000, 0) },
      refuse(.region, "page 0", .outOfRange, 0, 1 << 27) { _ in region(Slot.empty, 0, 1) },
      refuse(.region, "beyond the half", .outOfRange, 1 << 27 - 1, 1 << 27) { _ in region(Slot.empty, 1 << 27 - 1, 2) },
      refuse(.region, "pages that overflow", .outOfRange, 1, 1 << 27) { _ in region(Slot.empty, 1, big) },
      refuse(.region, "page max", .outOfRange, big, 1 << 27) { _ in region(Slot.empty, big, 1) },
      refuse(.region, "no rights", .invalidRights, 0) { _ in region(rights: 0) },
      refuse(.region, "written but not read", .invalidRights, 2) { _ in region(rights: 2) },
      refuse(.region, "written and executed", .invalidRights, 7) { _ in region(rights: 7) },
      refuse(.region, "unknown rights", .invalidRights, 9) { _ in region(rights: 9) },
      refuse(.region, "rights max", .invalidRights, big) { _ in region(rights: big) },
      refuse(.region, "over RAM", .wrongKind, 1, 3) { _ in region(memory: Slot.memory) },
      refuse(.region, "over device space", .wrongKind, 2, 3) { _ in region(memory: Slot.devices) },
      refuse(.region, "writing the bundle", .missingRight, 5, 3) { _ in region(rights: 3, memory: Slot.bundle) },
      refuse(.region, "executing a device", .missingRight, 3, 5) { _ in region(rights: 5, memory: Slot.device) },
      refuse(.region, "beyond the Memory", .outOfRange, 0, 16) { _ in
        region(Slot.empty, 0x2000, 17, memory: Slot.bundle)
      },
      refuse(.region, "offset beyond", .outOfRange, 17, 16) { _ in region(memory: Slot.bundle, offset: 17) },
      refuse(.region, "offset max", .outOfRange, big, 16) { _ in region(memory: Slot.bundle, offset: big) },
      refuse(.region, "over the last page of another", .regionOverlap, Page.region + 7, Slot.region) { _ in
        region(Slot.empty, Page.region + 7, 1)
      },
      refuse(.region, "around another", .regionOverlap, Page.region - 1, Slot.region) { _ in
        region(Slot.empty, Page.region - 1, 10)
      },
    ]

  private static func map(
    _ slot: UInt64 = Slot.region, _ page: UInt64 = Page.region + 2, _ count: UInt64 = 1, frame: UInt64,
    spares: (UInt64, UInt64) = (0, 0), authority: UInt64 = Slot.memory
  ) -> Message { Message(slot, page, count, frame, spares.0, spares.1, authority, handle: Slot.own) }

  static let maps: [BadCall] =
    slots(.map, .task, right: 1, without: Slot.taskNoRights) { Message(8, 1, 1, 0, 0, 0, Slot.memory, handle: $0) }
    + slots(.map, .region, right: 0, without: nil) { map($0, frame: 0) }
    + slots(.map, .memory, right: 1, without: Slot.memoryNoRights) { map(frame: 0, authority: $0) }
    + slots(.map, .memory, right: 1, without: Slot.memoryNoRights) {
      map(Slot.bundleRegion, Page.bundle, frame: 0, spares: (0x4_0001, 0x4_0002), authority: $0)
    }
    + [
      refuse(.map, "in its own space without a handle", .missingRight, 0, 1) { world in
        Message(Slot.region, Page.region + 2, 1, world.free, 0, 0, Slot.memory)
      },
      refuse(.map, "no pages", .outsideRegion, Page.region, 8) { _ in map(Slot.region, Page.region, 0, frame: 0) },
      refuse(.map, "before the region", .outsideRegion, Page.region - 1, 8) { _ in
        map(Slot.region, Page.region - 1, frame: 0)
      },
      refuse(.map, "behind the region", .outsideRegion, Page.region + 7, 8) { _ in
        map(Slot.region, Page.region + 7, 2, frame: 0)
      },
      refuse(.map, "count max", .outsideRegion, Page.region + 1, 8) { _ in
        map(Slot.region, Page.region + 1, big, frame: 0)
      },
      refuse(.map, "page max", .outsideRegion, big, 8) { _ in map(Slot.region, big, frame: 0) },
      refuse(.map, "with devices as RAM", .wrongKind, 2, 1) { world in map(frame: world.free, authority: Slot.devices)
      },
      refuse(.map, "frame beyond 39 bits", .outOfRange, 1 << 27, 1 << 27) { _ in map(frame: 1 << 27) },
      refuse(.map, "frame max", .outOfRange, big, 1 << 27) { _ in map(frame: big) },
      refuse(.map, "a frame before RAM", .frameNotClaimed, 0x3_ffff, 0x1f) { _ in map(frame: 0x3_ffff) },
      refuse(.map, "the last frame and one more", .frameNotClaimed, 0x4_0fff, 0x20) { _ in
        map(Slot.region, Page.region + 2, 2, frame: 0x4_0fff)
      },
      refuse(.map, "the ledger itself", .frameNotFree, 0x4_0000, 5) { _ in map(frame: 0x4_0000) },
      refuse(.map, "the image", .frameNotFree, 0x4_0200, 5) { _ in map(frame: 0x4_0200) },
      refuse(.map, "what is mapped", .alreadyMapped, Page.region + 1, 3) { world in
        map(Slot.region, Page.region + 1, frame: world.free)
      },
      refuse(.map, "a page under a block", .alreadyMapped, Page.block + 5, 2) { world in
        map(Slot.blockRegion, Page.block + 5, frame: world.free)
      },
      refuse(.map, "without tables", .tablesNeeded, 1, 0) { _ in map(Slot.bundleRegion, Page.bundle, frame: 0) },
      refuse(.map, "a table that is fixed", .frameNotFree, 0x4_0001, 5) { _ in
        map(Slot.bundleRegion, Page.bundle, frame: 0, spares: (0x4_0001, 0))
      },
      refuse(.map, "a table outside RAM", .frameNotClaimed, big, big >> 13) { _ in
        map(Slot.bundleRegion, Page.bundle, frame: 0, spares: (big, 0))
      },
    ]

  private static func protect(
    _ slot: UInt64 = Slot.region, page: UInt64 = Page.region, count: UInt64 = 8, rights: UInt64 = 1
  ) -> Message { Message(slot, page, count, rights, handle: Slot.own) }

  static let resizes: [BadCall] =
    slots(.resize, .task, right: 1, without: Slot.taskNoRights) { Message(8, 1, handle: $0) }
    + slots(.resize, .region, right: 0, without: nil) { Message($0, 1, handle: Slot.own) }
    + [
      refuse(.resize, "in its own space without a handle", .missingRight, 0, 1) { _ in Message(Slot.region, 4) },
      refuse(.resize, "in a dying task", .busy, Slot.dying) { _ in Message(Slot.region, 4, handle: Slot.dying) },
      refuse(.resize, "to nothing", .outOfRange, 0, 1 << 27 - Page.region) { _ in
        Message(Slot.region, 0, handle: Slot.own)
      },
      refuse(.resize, "beyond the half", .outOfRange, 1 << 27 - Page.region + 1, 1 << 27 - Page.region) { _ in
        Message(Slot.region, 1 << 27 - Page.region + 1, handle: Slot.own)
      },
      refuse(.resize, "to max", .outOfRange, big, 1 << 27 - Page.region) { _ in
        Message(Slot.region, big, big, handle: Slot.own)
      },
      refuse(.resize, "to what wraps", .outOfRange, 0 &- Page.region, 1 << 27 - Page.region) { _ in
        Message(Slot.region, 0 &- Page.region, handle: Slot.own)
      },
      refuse(.resize, "showing more than there is", .outOfRange, 9, 8) { _ in
        Message(Slot.region, 8, 9, handle: Slot.own)
      },
      refuse(.resize, "over another", .regionOverlap, Page.region, Slot.bundleRegion) { _ in
        Message(Slot.region, Page.bundle - Page.region + 1, handle: Slot.own)
      },
      refuse(.resize, "what shows the image", .wrongKind, 4, 5) { _ in
        Message(Slot.bundleRegion, 2, handle: Slot.own)
      },
    ]

  static let unmaps: [BadCall] =
    slots(.unmap, .task, right: 1, without: Slot.taskNoRights) { Message(8, 1, 1, handle: $0) }
    + slots(.unmap, .region, right: 0, without: nil) { Message($0, Page.region, 1, handle: Slot.own) }
    + slots(.unmap, .memory, right: 1, without: Slot.memoryNoRights) {
      Message(Slot.blockRegion, Page.block, 1, 0, 0x4_0001, 0, $0, handle: Slot.own)
    }
    + slots(.protect, .task, right: 1, without: Slot.taskNoRights) { Message(8, 1, 1, 1, handle: $0) }
    + slots(.protect, .region, right: 0, without: nil) { Message($0, Page.region, 1, 1, handle: Slot.own) }
    + slots(.privatize, .task, right: 1, without: Slot.taskNoRights) { Message(8, 1, 0, 1, handle: $0) }
    + slots(.privatize, .region, right: 0, without: nil) { Message($0, Page.region, 0, 1, handle: Slot.own) }
    + slots(.copyPage, .task, right: 1, without: Slot.taskNoRights) { Message(8, Slot.bundle, 0, handle: $0) }
    + slots(.copyPage, .memory, right: 1, without: Slot.memoryNoRights) { Message(8, $0, 0, handle: Slot.own) }
    + slots(.claim, .memory, right: 1, without: Slot.memoryNoRights) { Message(0, handle: $0) }
    + [
      refuse(.unmap, "in its own space without a handle", .missingRight, 0, 1) { _ in
        Message(Slot.region, Page.region, 1)
      },
      refuse(.unmap, "outside", .outsideRegion, Page.region + 8, 8) { _ in
        Message(Slot.region, Page.region + 8, 1, handle: Slot.own)
      },
      refuse(.unmap, "count max", .outsideRegion, Page.region, 8) { _ in
        Message(Slot.region, Page.region, big, handle: Slot.own)
      },
      refuse(.unmap, "a part of a block", .tablesNeeded, 1, 0) { _ in
        Message(Slot.blockRegion, Page.block, 511, handle: Slot.own)
      },
      refuse(.unmap, "the end of a block, on a frame in use", .frameNotFree, 0x4_0001, 5) { _ in
        Message(Slot.blockRegion, Page.block + 1, 511, 0, 0x4_0001, 0, Slot.memory, handle: Slot.own)
      },
      refuse(.unmap, "the middle of a block, on no RAM", .frameNotClaimed, big, big >> 13) { _ in
        Message(Slot.blockRegion, Page.block + 1, 5, 0, big, 0, Slot.memory, handle: Slot.own)
      },
      refuse(.protect, "in its own space without a handle", .missingRight, 0, 1) { _ in
        Message(Slot.region, Page.region, 1, 1)
      },
      refuse(.protect, "outside", .outsideRegion, Page.region + 8, 8) { _ in protect(page: Page.region + 8) },
      refuse(.protect, "nothing", .outsideRegion, Page.region, 8) { _ in protect(count: 0) },
      refuse(.protect, "count max", .outsideRegion, Page.region, 8) { _ in protect(count: big) },
      refuse(.protect, "without reading", .invalidRights, 2) { _ in protect(rights: 2) },
      refuse(.protect, "written and executed", .invalidRights, 7) { _ in protect(rights: 7) },
      refuse(.protect, "unknown rights", .invalidRights, 9) { _ in protect(rights: 9) },
      refuse(.protect, "rights max", .invalidRights, big) { _ in protect(rights: big) },
      refuse(.protect, "written, over a Memory", .invalidRights, 3, 1) { _ in
        protect(Slot.bundleRegion, page: Page.bundle, count: 4, rights: 3)
      },
      refuse(.protect, "executed, over a Memory", .invalidRights, 5, 1) { _ in
        protect(Slot.bundleRegion, page: Page.bundle, count: 4, rights: 5)
      },
      refuse(.protect, "a part of a block", .unaligned, Page.block, 512) { _ in
        protect(Slot.blockRegion, page: Page.block, count: 511)
      },
      refuse(.protect, "the end of a block", .unaligned, Page.block + 1, 512) { _ in
        protect(Slot.blockRegion, page: Page.block + 1, count: 511)
      },
      refuse(.unmap, "a part of a block, with devices as RAM", .wrongKind, 2, 1) { _ in
        Message(Slot.blockRegion, Page.block, 1, 0, 0x4_0001, 0, Slot.devices, handle: Slot.own)
      },
      refuse(.copyPage, "from RAM", .wrongKind, 1, 3) { _ in Message(Page.region, Slot.memory, 0, handle: Slot.own) },
      refuse(.copyPage, "from a device", .wrongKind, 4, 3) { _ in Message(Page.region, Slot.device, 0, handle: Slot.own)
      },
      refuse(.copyPage, "beyond the Memory", .outOfRange, 16, 16) { _ in
        Message(Page.region, Slot.bundle, 16, handle: Slot.own)
      },
      refuse(.copyPage, "to page max", .outOfRange, big, 1 << 27) { _ in Message(big, Slot.bundle, 0, handle: Slot.own)
      },
      refuse(.copyPage, "to what is not mapped", .notMapped, Page.region + 2) { _ in
        Message(Page.region + 2, Slot.bundle, 0, handle: Slot.own)
      },
      refuse(.claim, "RAM that starts no GiB", .unaligned, 0x20, 1 << 18) { _ in Message(0x20, handle: Slot.devices) },
      refuse(.claim, "no RAM to add", .unaligned, 0, 512) { _ in Message(2 << 18, handle: Slot.devices) },
      refuse(.claim, "half a block to add", .unaligned, 256, 512) { _ in Message(2 << 18, 256, handle: Slot.devices) },
      refuse(.claim, "to add GiB 0", .outOfRange, 0, 511 << 18) { _ in Message(0, 512, handle: Slot.devices) },
      refuse(.claim, "to add GiB 511", .outOfRange, 511 << 18, 511 << 18) { _ in
        Message(511 << 18, 512, handle: Slot.devices)
      },
      refuse(.claim, "to add more than can be reached", .outOfRange, 510 << 18, 511 << 18) { _ in
        Message(510 << 18, 1 << 18 + 512, handle: Slot.devices)
      },
      refuse(.claim, "to add what wraps", .outOfRange, 2 << 18, 511 << 18) { _ in
        Message(2 << 18, 0 &- 512, handle: Slot.devices)
      },
      refuse(.claim, "what was claimed", .busy, 0x20) { _ in Message(0x20, handle: Slot.memory) },
      refuse(.claim, "no RAM", .outOfRange, 0x21, 0x20) { _ in Message(0x21, handle: Slot.memory) },
      refuse(.claim, "a section that wraps to one of RAM", .outOfRange, 1 << 51 | 0x20, 0x20) { _ in
        Message(1 << 51 | 0x20, handle: Slot.memory)
      },
      refuse(.claim, "section max", .outOfRange, big, 0x20) { _ in Message(big, handle: Slot.memory) },
    ]
}
