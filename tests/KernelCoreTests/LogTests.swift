import ABI
import KernelCore
import Machine
import TestSupport
import Testing

@Suite("The log")
struct LogTests {
  @Test("the ring tells a console up to where the kernel has printed, so that no line falls between the two")
  func handOver() {
    let system = SimulatedSystem(frames: 4096)
    let ring = DirectMap.address(system.firstFrame + 1536)
    func word(_ index: UInt64) -> UInt64 { system.kernel.machine.memory(ring + index * 8, as: UInt64.self).pointee }
    system.kernel.devices.emergencyIsMapped = true
    system.must(system.memoryServer, .log, Message(2, 0x6968))
    #expect(word(0) == 1 && word(2) == 1)
    #expect(String(decoding: system.kernel.machine.printed, as: UTF8.self).hasSuffix("memory   hi\r\n"))
    // A line that goes on is printed with its end.
    system.must(system.memoryServer, .log, Message(2 | LogRecord.continues, 0x6968))
    #expect(word(0) == 2 && word(2) == 1)
    system.must(system.memoryServer, .log, Message(2, 0x6968))
    #expect(word(0) == 3 && word(2) == 3)
    // From the lease on the kernel prints nothing: the console starts with this record.
    system.kernel.devices.emergencyIsMapped = false
    system.must(system.memoryServer, .log, Message(2, 0x6968))
    #expect(word(0) == 4 && word(2) == 3)
  }
}
