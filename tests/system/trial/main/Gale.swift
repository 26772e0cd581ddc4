internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime
internal import TrialRegisters

/// A task of the storm: takes and gives back whatever there is, until it is ended.
struct Gale: ~Copyable {
  static var exchange: UInt64 { 10 }
  static var wrong: UInt64 { 11 }
  private static var regions: UInt64 { 20 }
  private static var names: UInt64 { 40 }
  private static var objects: UInt64 { 50 }
  private static var stacks: UInt64 { 36 }
  private static var lease: UInt64 { 58 }

  /// A region as the task believes it to be; what another shares may be gone.
  private struct Area {
    var page: UInt64 = 0
    var pages: UInt64 = 0
    var isWritable = false
    var isLazy = false
    var isShared = false
  }

  private var gate = SystemGate()
  private var random: Dice
  private let memory = Client<MemoryInterface>.own
  private var areas = InlineArray<16, Area>(repeating: Area())

  init(seed: UInt64) { random = Dice(seed) }

  consuming func run() -> Never {
    for index in 0..<3 as Range<UInt64> {
      try? memory.allocate(
        slot: Gale.stacks + index, page: 0x5_0000 + 2 * index, pages: 1, rights: [.read, .write], &gate)
    }
    while true {
      act(Int(random.below(16)))
      try? gate.yield()
    }
  }

  private mutating func act(_ place: Int) {
    let slot = Gale.regions + UInt64(place)
    switch random.below(29) {
    case 0...2: make(place, slot)
    case 3...8: touch(place, slot)
    case 9, 10: part(place, slot)
    case 11: protect(place, slot)
    case 12:
      if (try? memory.free(slot: slot, &gate)) != nil { areas[place] = Area() }
    case 13, 14:
      if (try? memory.share(slot: slot, to: Gale.names + random.below(8), &gate)) != nil {
        areas[place].isShared = true
      }
    case 15:
      if (try? memory.seal(slot: slot, &gate)) != nil { areas[place].isWritable = false }
    case 16...18: show(place, slot)
    case 19 where random.below(3) == 0: meet()
    case 20: startThread()
    case 21: makeObject()
    case 22: _ = try? gate.drop(Gale.names + random.below(14))
    case 23: device()
    case 24 where random.below(8) == 0: exit(1)
    case 27, 28: resize(place, slot)
    case 25 where random.below(8) == 0: _ = fault_read(0x7f_0000_0000)
    default: break
    }
  }

  /// Pages at once, or with the first touch.
  private mutating func make(_ place: Int, _ slot: UInt64) {
    guard areas[place].pages == 0 else { return }
    let most: UInt64 = random.below(4) == 0 ? 600 : 40
    let pages = 1 + random.below(most)
    let isLazy = random.below(2) == 0
    let fit: RegionFit = random.below(3) == 0 ? .block : random.below(2) == 0 ? .run : .page
    // Some lie across the border of a GiB.
    let page = random.below(3) == 0 ? (UInt64(place) + 1) << 18 - random.below(pages) - 1 : 0
    let request: MemoryInterface.Request =
      isLazy
      ? .reserve(slot: slot, page: page, pages: pages * 2, rights: 3, fit: fit.rawValue, isGuarded: false)
      : .allocate(slot: slot, page: page, pages: pages, rights: 3)
    guard let found = try? memory.callUntilDone(request, &gate)[0] else { return }
    areas[place] = Area(page: found, pages: isLazy ? pages * 2 : pages, isWritable: true, isLazy: isLazy)
    guard !isLazy, registers_exchange((found + random.below(pages)) << 12, 1) != 0 else { return }
    try? gate.signal(Gale.wrong)
  }

  /// Writes where it may, and reads elsewhere. A lazy page that cannot be had is seldom touched: that is the end.
  private mutating func touch(_ place: Int, _ slot: UInt64) {
    let area = areas[place]
    guard area.pages > 0 else { return }
    let page = area.page + random.below(area.pages)
    if area.isLazy, random.below(4) != 0, (try? memory.prefault(slot: slot, page: page, pages: 1, &gate)) == nil {
      guard random.below(8) == 0 else { return }
    }
    if area.isWritable { _ = registers_exchange(page << 12, random.next() | 1) } else { _ = fault_read(page << 12) }
  }

  /// A part of a lazy region comes or goes.
  private mutating func part(_ place: Int, _ slot: UInt64) {
    let area = areas[place]
    guard area.pages > 0 else { return }
    let first = random.below(area.pages)
    let pages = 1 + random.below(area.pages - first)
    if random.below(3) > 0 {
      try? memory.prefault(slot: slot, page: area.page + first, pages: pages, &gate)
    } else if (try? memory.decommit(slot: slot, page: area.page + first, pages: pages, &gate)) != nil, area.isWritable,
      area.isLazy, !area.isShared, (try? memory.prefault(slot: slot, page: area.page + first, pages: 1, &gate)) != nil,
      registers_exchange((area.page + first) << 12, 1) != 0
    {
      try? gate.signal(Gale.wrong)
    }
  }

  /// Another length; the first page that came is new.
  private mutating func resize(_ place: Int, _ slot: UInt64) {
    let area = areas[place]
    guard area.pages > 0 else { return }
    let pages = 1 + random.below(random.below(4) == 0 ? 1200 : 2 * area.pages)
    guard (try? memory.resize(slot: slot, from: area.pages, to: pages, &gate)) != nil else { return }
    areas[place].pages = pages
    guard pages > area.pages, area.isWritable, !area.isShared else { return }
    if area.isLazy {
      guard (try? memory.prefault(slot: slot, page: area.page + area.pages, pages: 1, &gate)) != nil else { return }
    }
    if registers_exchange((area.page + area.pages) << 12, 1) != 0 { try? gate.signal(Gale.wrong) }
  }

  private mutating func protect(_ place: Int, _ slot: UInt64) {
    let rights = Rights.Memory(rawValue: 1 + 2 * random.below(3))
    guard (try? memory.protect(slot: slot, rights: rights, &gate)) != nil else { return }
    areas[place].isWritable = rights.contains(.write)
  }

  /// What a name stands for, its own or another's; some of it as copies.
  private mutating func show(_ place: Int, _ slot: UInt64) {
    guard areas[place].pages == 0 else { return }
    let copies = random.below(2) == 0
    let writes = random.below(2) == 0
    let pages = 1 + random.below(24)
    let rights: Rights.Memory = writes ? [.read, .write] : .read
    guard
      let page = try? memory.show(
        memory: Gale.names + random.below(8), slot: slot, pages: pages, offset: random.below(4), rights: rights,
        copies: copies, &gate)
    else { return }
    areas[place] = Area(page: page, pages: pages, isWritable: writes)
  }

  /// Passes a name to whoever takes one, or takes one; whoever waits in vain waits until it is ended.
  private mutating func meet() {
    let name = Gale.names + random.below(8)
    var message = Message(handle: Gale.exchange)
    if random.below(2) == 0 {
      message.transfer = Transfer(pass: UInt32(name)).raw
      gate.invoke(.call, &message)
    } else {
      message.transfer = Transfer(receive: UInt32(name)).raw
      gate.invoke(.receive, &message)
      message = Message()
      if random.below(2) > 0 { gate.invoke(.reply, &message) }
    }
  }

  private mutating func startThread() {
    let index = random.below(3)
    try? FurtherThread.start(
      slot: Gale.objects + index, stackTop: (0x5_0001 + 2 * index) << 12, priority: 11, argument: random.next()
    ) { Gale.further($0) }
  }

  /// A further thread: a few requests of its own, then it returns, waits for ever, or faults.
  private static func further(_ seed: UInt64) {
    var (random, gate) = (Dice(seed), SystemGate())
    let memory = Client<MemoryInterface>.own
    for _ in 0..<4 + random.below(12) {
      // The threads of a task share these slots, and take from each other.
      let slot = 60 + random.below(4)
      let request = MemoryInterface.Request.allocate(slot: slot, page: 0, pages: 1 + random.below(30), rights: 3)
      if (try? memory.callUntilDone(request, &gate)) != nil { try? gate.yield() }
      try? memory.free(slot: slot, &gate)
    }
    switch random.below(8) {
    case 0: _ = fault_read(0x7e_0000_0000)
    case 1: _ = try? gate.wait(WellKnownSlot.notification)
    case 2:
      var message = Message(handle: exchange)
      gate.invoke(.call, &message)
    default: break
    }
  }

  private mutating func makeObject() {
    let slot = Gale.objects + 3 + random.below(4)
    if random.below(2) == 0 {
      try? memory.createEndpoint(slot: slot, &gate)
    } else {
      try? memory.createNotification(slot: slot, &gate)
      if random.below(4) == 0 { _ = try? gate.wait(slot) }
    }
  }

  /// The one device that all of them may have.
  private mutating func device() {
    switch random.below(3) {
    case 0: _ = try? memory.lease("gpio", index: 0, slot: Gale.lease, page: TaskLayout.devices, &gate)
    case 1: try? memory.releaseLease(slot: Gale.lease, &gate)
    default: try? memory.interrupt("gpio", index: 0, slot: Gale.lease + 1, &gate)
    }
  }
}
