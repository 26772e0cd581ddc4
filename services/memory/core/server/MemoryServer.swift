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
  /// The frames that are free, the reserve not among them.
  var index: BuddyIndex<V.Index>
  /// Frames held back for the server's own growth.
  var reserve = Reserve()
  /// Whom it serves.
  var sessions = SessionList()
  /// Who holds which device.
  var holdings = HoldingList()
  /// Slots of its own table.
  var slots: UInt64 = 0
  /// The region of the index.
  var indexRegion: UInt64 = 0
  /// The region of the ledger's view.
  var ledgerRegion: UInt64 = 0
  /// Its endpoint.
  public private(set) var endpoint: UInt64 = 0
  /// The empty slot that takes handles.
  public internal(set) var landingSlot: UInt64 = 0
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

  /// Takes over what boot handed over: finds the ledger's view, maps the index, fills the reserve, loads the
  /// first section, and makes the endpoint. After this the server can serve.
  public mutating func takeOver(_ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) {
    do throws(Refusal) { slots = try gate.inspect(.task)[4] } catch { throw MemoryRefusal(error) }
    try findLedgerRegion(&gate)
    indexRegion = try freeSlot(&gate)
    try makeIndexRegion(&gate)
    try openSection(&gate)
    landingSlot = try freeSlot(&gate)
    endpoint = landingSlot
    try makeObject(.endpoint, slot: endpoint, &gate)
    landingSlot = try freeSlot(&gate)
    gate.log(readyLine)
  }

  private var readyLine: LogLine {
    var line = LogLine("ready    ")
    line.write(decimal: freeFrames)
    line.write(" frames free, ")
    line.write(decimal: UInt64(reserve.count))
    line.write(" held in reserve")
    return line
  }

  /// Frames that can be given out: the free ones of sections that were claimed and all of those that were not,
  /// what is held in reserve not counted.
  public var freeFrames: UInt64 { UInt64(index.freeFrames) + unclaimedFrames }
}
