import ABI
import Interfaces
import KernelCore
import MemoryCore
import Testing

@Suite("Taking over from boot") struct HandOverTests {
  @Test("the server finds every free frame of the first section, and holds two back") func frees() throws {
    let system = try TestSystem()
    #expect(system.frees == UInt64(system.machine.freeFrames()))
    #expect(system.machine.kernel.machine.violations.isEmpty)
  }
}
