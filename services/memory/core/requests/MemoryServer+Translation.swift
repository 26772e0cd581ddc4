internal import ABI
internal import Interfaces
internal import Runtime

extension MemoryServer {
  /// `probe`: the MMU's own word on an address, at EL1 or at EL0.
  mutating func probe(
    _ session: UInt64, _ address: UInt64, asTask: Bool, _ caller: Caller, _ gate: inout some Gate & ~Copyable
  ) throws(MemoryRefusal) -> Message {
    try require(.supervise, caller)
    let task = try known(session)
    do throws(Refusal) {
      var message = Message(Inspection.probe.rawValue, address, asTask ? 1 : 0, handle: task)
      try gate.perform(.inspect, &message)
      return Message(message[0])
    } catch {
      throw MemoryRefusal(error)
    }
  }

  /// `started`: one line on the tables of kernel and tasks by now, each a line of the shell's `tables`, and on how many
  /// tables 4 KiB pages alone would take to map RAM and the leased devices.
  mutating func started(_ caller: Caller, _ gate: inout some Gate & ~Copyable) throws(MemoryRefusal) -> Message {
    try require(.supervise, caller)
    let kernel: Message
    do throws(Refusal) { kernel = try gate.inspect(.kernel) } catch { throw MemoryRefusal(error) }
    var line = LogLine("tables   kernel ")
    line.write(decimal: kernel[0] + kernel[1])
    line.write(", grown for leases ")
    line.write(decimal: try leaseTables(&gate))
    line.write(", grown in all ")
    line.write(decimal: try memoryCounts(&gate).tables)
    line.write("; 4 KiB pages for RAM and devices: ")
    line.write(decimal: pageTables)
    gate.log(line)
    return Message()
  }

  /// Tables of a 48-bit address space with 4 KiB pages for RAM and all ranges that are held: the root, and one table
  /// for each 512 GiB, 1 GiB and 2 MiB that has a page.
  private var pageTables: UInt64 {
    mutating get { 1 + areas(of: 27) + areas(of: 18) + areas(of: 9) }
  }

  /// Areas of 2^`order` frames that have a frame of RAM or of a held range, each counted once.
  private mutating func areas(of order: UInt64) -> UInt64 {
    let ram = facts.firstFrame >> order...(facts.endFrame - 1) >> order
    var areas = UInt64(ram.count)
    for place in 0..<HoldingList.capacity where holdings[place].kind == .range {
      let (first, last) = (holdings[place].first >> order, (holdings[place].end - 1) >> order)
      for area in first...last where !ram.contains(area) && !isCounted(area, order, before: place) { areas += 1 }
    }
    return areas
  }

  /// Whether a range at an earlier place lies in the same area.
  private mutating func isCounted(_ area: UInt64, _ order: UInt64, before place: Int) -> Bool {
    for earlier in 0..<place where holdings[earlier].kind == .range {
      if holdings[earlier].first >> order <= area, area <= (holdings[earlier].end - 1) >> order { return true }
    }
    return false
  }
}
