internal import ABI
internal import Interfaces
internal import Registers
internal import Runtime

// `memory`, `memory verify`, `tables`.
extension Shell where Kernel: ~Copyable, Ring: ~Copyable {
  mutating func showMemory() throws(ShellRefusal) {
    let counts: MemoryCounts
    do throws(MemoryRefusal) { counts = try memory.memoryCounts(&terminal.gate) } catch { throw .memory(error) }
    let free = counts.free - counts.heldBack
    row("free", free)
    runs("  in 2 MiB", counts.freeBlocks, of: free / Geometry.blockFrames)
    runs("  in 64 KiB", counts.freeGroups, of: free / 16)
    row("held back", counts.heldBack)
    row("private pages", counts.privatePages)
    row("tables", counts.tables)
    row("objects", counts.objects)
    row("fixed", counts.fixed)
    row("unclaimed", counts.unclaimed)
    row("all", counts.all)
    terminal.write("charged to")
    terminal.newLine()
    let kernel: Message
    do throws(Refusal) { kernel = try terminal.gate.inspect(.kernel) } catch { throw .kernel(error) }
    charge("kernel", kernel[1])
    terminal.write(" frames, tables that grew")
    terminal.newLine()
    try forEachTask { (shell, task) throws(ShellRefusal) in
      shell.charge(task.name, task.own)
      shell.terminal.write(" frames of ")
      shell.terminal.write(decimal: task.quota)
      if task.given > 0 {
        shell.terminal.write(", ")
        shell.terminal.write(decimal: task.given)
        shell.terminal.write(" given to others")
      }
      shell.terminal.newLine()
    }
  }

  /// Section by section, so that nobody waits long.
  mutating func verifyMemory() throws(ShellRefusal) {
    var all = IndexFacts(sections: 1, differing: 0, freeByIndex: 0, freeByLedger: 0)
    var section: UInt64 = 0
    while section < all.sections {
      let found: IndexFacts
      do throws(MemoryRefusal) { found = try memory.verify(section: section, &terminal.gate) } catch {
        throw .memory(error)
      }
      all.sections = found.sections
      all.differing += found.differing
      all.freeByIndex += found.freeByIndex
      all.freeByLedger += found.freeByLedger
      section += 1
    }
    fact("compared", all.sections, " sections")
    fact("differed", all.differing, " bytes")
    row("free by index", all.freeByIndex)
    row("free by ledger", all.freeByLedger)
  }

  private mutating func fact(_ what: StaticString, _ number: UInt64, _ unit: StaticString) {
    terminal.write(what, width: 16)
    terminal.write(decimal: number, width: 10)
    terminal.write(unit)
    terminal.newLine()
  }

  private mutating func charge(_ name: Name, _ frames: UInt64) {
    terminal.write("  ")
    terminal.write(name: name, width: 14)
    terminal.write(decimal: frames, width: 10)
  }

  private mutating func row(_ kind: StaticString, _ frames: UInt64) {
    terminal.write(kind, width: 16)
    terminal.write(decimal: frames, width: 10)
    terminal.write(" frames")
    terminal.write(decimal: frames * 4, width: 12)
    terminal.write(" KiB")
    terminal.newLine()
  }

  /// Aligned runs that are free as a whole, and how many the free frames would make if they lay together.
  private mutating func runs(_ length: StaticString, _ count: UInt64, of most: UInt64) {
    terminal.write(length, width: 16)
    terminal.write(decimal: count, width: 10)
    terminal.write(" runs of ")
    terminal.write(decimal: most)
    terminal.newLine()
  }

  mutating func showTables() throws(ShellRefusal) {
    terminal.write("task     level 1  level 2  level 3    bytes   2 MiB   4 KiB  objects")
    terminal.newLine()
    do throws(Refusal) { try showKernelTables() } catch { throw .kernel(error) }
    try forEachTask { (shell, task) throws(ShellRefusal) in
      do throws(MemoryRefusal) {
        let counts = try shell.memory.tableCounts(session: task.session, &shell.terminal.gate)
        shell.show(counts, of: task.name)
      } catch { throw .memory(error) }
    }
  }

  private mutating func showKernelTables() throws(Refusal) {
    let kernel = try terminal.gate.inspect(.kernel)
    terminal.write("kernel   ")
    terminal.write(decimal: kernel[0])
    terminal.write(" in the image, ")
    terminal.write(decimal: kernel[1])
    terminal.write(" grown")
    terminal.newLine()
  }

  private mutating func show(_ counts: TableCounts, of name: Name) {
    terminal.write(name: name, width: 9)
    terminal.write(decimal: counts.level1, width: 7)
    terminal.write(decimal: counts.level2, width: 9)
    terminal.write(decimal: counts.level3, width: 9)
    terminal.write(decimal: (counts.level1 + counts.level2 + counts.level3) * 4096, width: 9)
    terminal.write(decimal: counts.blocks, width: 8)
    terminal.write(decimal: counts.pages, width: 8)
    terminal.write(decimal: counts.objects, width: 9)
    terminal.newLine()
  }
}

extension TaskFacts {
  /// Session 1 is the memory server itself.
  var isServer: Bool { session == 1 }
}

extension MemoryCounts {
  /// All frames of RAM; those that the server holds back are free ones.
  var all: UInt64 { free + privatePages + tables + objects + fixed + unclaimed }
}
