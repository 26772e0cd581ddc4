import ABI
import KernelCore
import TestSupport
import Testing

@Suite("Refusals")
struct RefusalTests {
  @Test(
    "a refused call names its two values and changes nothing",
    arguments: BadCalls.tables.keys.sorted())
  func refusal(of calls: String) throws {
    let table = try #require(BadCalls.tables[calls])
    let world = World()
    let system = world.system
    for bad in table {
      let message = bad.message(world)
      system.setMessage(message, of: world.client.thread)
      let before = system.digest(except: world.client.thread)
      let result = system.call(world.client, bad.operation, message)
      #expect(result.refusal == bad.refusal, "\(bad)")
      system.kernel.thread(world.client.thread).pointee.registers.instruction &-= 4
      #expect(system.digest(except: world.client.thread) == before, "changed by a refused \(bad)")
      #expect(system.current == world.client.thread, "\(bad)")
    }
    #expect(system.audit() == [])
  }

  @Test("an operation number without a call is refused", arguments: [30, 31, 4096, UInt16.max])
  func invalid(number: UInt16) {
    let world = World()
    world.system.kernel.systemCall(number)
    let result = world.system.message(of: world.client.thread)
    #expect(result.refusal == Refusal(.invalidOperation, UInt64(number)))
  }

  @Test("no call traps, whatever its arguments", arguments: 0..<30 as Range<UInt16>)
  func extremes(number: UInt16) throws {
    let operation = try #require(Operation(rawValue: number))
    guard operation != .power else { return }
    let values: [UInt64] = [0, 1, 12, 511, 1 << 27 - 1, 1 << 27, 1 << 36, 1 << 51, 1 << 63, .max - 1, .max]
    let world = World()
    var random = Seeded(state: UInt64(number) + 1)
    for _ in 0..<400 {
      guard world.system.state(world.client) == ThreadState.ready else { break }
      var message = Message(handle: random.pick(values + Array(8...32)), transfer: random.pick(values))
      for index in 0..<8 { message[index] = random.pick(values) }
      world.system.call(world.client, operation, message)
    }
    #expect(world.system.audit() == [])
  }
}
