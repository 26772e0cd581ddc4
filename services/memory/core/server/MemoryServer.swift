internal import ABI
public import DeviceTree
public import Interfaces
internal import Runtime

/// The memory server: every frame of RAM and every device passes through it.
///
/// It is stateless about regions and accounts: those are the kernel's, and it asks (`inspect`). Its own are
/// the index of free frames, which can be rebuilt from the ledger, and short lists of who it serves and who
/// holds which device. It serves one request at a time, calls nobody, and what it finds in the ledger is a hint
/// that the kernel checks again.
public struct MemoryServer<V: Views>: ~Copyable {
  /// What it reads.
  let views: V
  /// What boot found out.
  let facts: HandOver.Facts
  /// The devices.
  let tree: DeviceTree<V.Blob>
  /// Where the tree's nodes lie.
  var nodes = NodeTable()
  /// Whether the bundle has been held against its rules.
  var isBundleChecked = false
  /// The frames that are free, the reserve not among them.
  var index: BuddyIndex<V.Index>
  /// RAM, claimed or not.
  var ram = RAMList()
  /// Frames held back for the server's own growth.
  var reserve = Reserve()
  /// Whom it serves.
  var sessions = SessionList()
  /// Who holds which device.
  var holdings = HoldingList()
  /// Slots of its own table.
  var slots: UInt64 = 0
  /// Where an empty one is looked for: a hint.
  var slotHint = OwnSlot.first
  /// The region of the ledger's view.
  var ledgerRegion: UInt64 = 0
  /// Whether the request that is being served was sent before, to a server that died.
  var isRepeated = false
  /// Times that the kernel started the server anew.
  var restarts: UInt64 = 0
  /// The task that the server itself loads: init.
  var loaded = Target(number: 0, frame: 0)
  /// The supervisor's notification; 0: none yet.
  var supervisor: UInt64 = 0
  /// Counts the events, so that they are told in their order.
  var eventCount: UInt64 = 0

  /// A server that has not taken over yet.
  public init(views: consuming V) throws(DeviceTreeError) {
    facts = views.facts
    tree = try DeviceTree(views.blob)
    index = BuddyIndex(storage: views.index)
    self.views = views
  }

  /// Its endpoint.
  public var endpoint: UInt64 { OwnSlot.endpoint }
  /// The empty slot that takes handles.
  public var landingSlot: UInt64 { OwnSlot.landing }

  /// Takes over what boot handed over: finds the ledger's view, maps the index, fills the reserve, loads the
  /// first section, and makes the endpoint. A server that starts anew finds what of this was done before, and whom it
  /// served. After this the server can serve.
  public mutating func takeOver(_ start: ServerStart = ServerStart(), _ gate: inout some Gate & ~Copyable)
    throws(MemoryRefusal)
  {
    restarts = start.restarts
    slots = try slotCount(of: 0, &gate)
    findRAM(&gate)
    // A handle that had just arrived; its sender will send it again.
    if try isTaken(OwnSlot.landing, &gate) { try? gate.drop(OwnSlot.landing) }
    try findLedgerRegion(&gate)
    if try !isTaken(OwnSlot.index, &gate) { try makeIndexRegion(&gate) }
    repeat { try openSection(&gate) } while try wasIndexed(index.sections, &gate)
    if try !isTaken(OwnSlot.endpoint, &gate) { try makeObject(.endpoint, slot: OwnSlot.endpoint, &gate) }
    guard restarts > 0 else { return gate.log(readyLine) }
    try recover(&gate)
    tell(start, &gate)
  }

  /// Whether a slot of its own holds something.
  private mutating func isTaken(_ slot: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Bool {
    try handle(inSlot: slot, of: 0, &gate).word != .empty
  }

  /// Slots of a task's table (0: its own).
  mutating func slotCount(of task: UInt64, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> UInt64 {
    do throws(Refusal) { return try gate.inspect(.task, handle: task)[4] } catch { throw MemoryRefusal(error) }
  }

  private var readyLine: LogLine {
    mutating get {
      var line = LogLine("ready    ")
      line.write(decimal: freeFrames)
      line.write(" frames free, ")
      line.write(decimal: UInt64(reserve.count))
      line.write(" held in reserve")
      return line
    }
  }

  /// Frames that can be given out: the free ones of sections that were claimed and all of those that were not,
  /// what is held in reserve not counted.
  public var freeFrames: UInt64 {
    mutating get { UInt64(index.freeFrames) + unclaimedFrames }
  }
}

/// Slots of its own table that the server fills itself: always the same ones, so that it finds them when it starts anew.
enum OwnSlot {
  /// The region of the index.
  static var index: UInt64 { HandOver.Slot.firstFree }
  /// Its endpoint.
  static var endpoint: UInt64 { index + 1 }
  /// Empty between two requests: handles that come along land here.
  static var landing: UInt64 { index + 2 }
  /// The supervisor's notification.
  static var supervisor: UInt64 { index + 3 }
  /// Tasks, devices and interrupts from here on.
  static var first: UInt64 { index + 4 }
}
