import ABI
import KernelCore
import TestSupport
import Testing

/// Every call, fault and interrupt of these tests that has a quick form runs in both forms: `SimulatedSystem.enter`.
@Suite("Both forms")
struct BothFormsTests {
  @Test("each quick form carries out its plain case", arguments: QuickForm.allCases)
  func plain(form: QuickForm) {
    let (system, act) = scene(form)
    let before = system.carriedOut[form] ?? 0
    act()
    #expect(system.carriedOut[form] == before + 1)
    #expect(system.audit() == [])
  }

  @Test("what a quick form leaves otherwise than the general one fails the test that runs, named, once")
  func otherState() {
    let meeting = Meeting()
    let system = meeting.system
    let thread = meeting.first.thread
    withKnownIssue {
      for state in [ThreadState.waiting, ThreadState.calling] {
        system.enter(
          "a trial",
          quick: {
            system.kernel.thread(thread).pointee.state = state
            system.kernel.cpu.sliceIsArmed = true
            return true
          }, general: { system.kernel.thread(thread).pointee.priority = 11 })
      }
    } matching: {
      says($0, ["a trial", "another state", "state: 0x5 and 0x1", "priority: 0xa and 0xb", "slice is armed: 1 and 0"])
    }
    #expect(system.kernel.thread(thread).pointee.state == ThreadState.ready, "it goes on as the general form left it")
    #expect(system.kernel.thread(thread).pointee.priority == 11)
  }

  @Test("a quick form that bails out after it wrote fails the test that runs")
  func lateRefusal() {
    let meeting = Meeting()
    let system = meeting.system
    withKnownIssue {
      system.enter(
        "a trial",
        quick: {
          system.kernel.notification(system.handle(meeting.first, 9).object).pointee.bits = 2
          return false
        }, general: {})
    } matching: {
      says($0, ["a trial", "bails out after it wrote", "word 1: 0x0 and 0x2"])
    }
  }

  private func says(_ issue: Issue, _ parts: [String]) -> Bool {
    let text = issue.comments.map(\.rawValue).joined()
    return parts.allSatisfy { text.contains($0) }
  }

  /// A system in which something can be done in its plainest case, and what that is.
  private func scene(_ form: QuickForm) -> (SimulatedSystem, () -> Void) {
    switch form {
    case .interrupt: return interrupt()
    case .map, .unmap: return page(form)
    case .region, .drop, .inspect: return region(form)
    default: break
    }
    let meeting = Meeting(second: 9)
    let (system, server, first) = (meeting.system, meeting.server, meeting.first)
    switch form {
    case .call, .pass, .replyReceive:
      system.call(server, .receive, Message(handle: 8, transfer: Transfer(receive: 30).raw))
      let passed = Transfer(pass: form == .pass ? 9 : 0)
      if form != .replyReceive { return (system, { meeting.call(first, Message(handle: 8, transfer: passed.raw)) }) }
      meeting.call(first)
      return (system, { system.call(server, .replyReceive, Message(handle: 8)) })
    case .fault, .resume:
      meeting.asMemoryServer { system.must(system.memoryServer, .region, Message(20, 0x100, 8, 3, handle: first.slot)) }
      meeting.receive()
      system.makeCurrent(first.thread)
      system.fault(syndrome: 0x9200_0007, address: 0x100_000)
      guard form == .fault else { return (system, { system.call(server, .replyReceive, Message(handle: 8)) }) }
      // The fault before it has found the region.
      system.call(server, .replyReceive, Message(handle: 8))
      return (system, { system.fault(syndrome: 0x9200_0047, address: 0x101_000) })
    case .wake, .wait:
      if form == .wake { system.call(server, .wait, Message(handle: 9)) }
      let (who, operation) = form == .wake ? (first, Operation.signal) : (server, .wait)
      return (system, { system.call(who, operation, Message(handle: 9)) })
    default:
      meeting.receive()
      let operation: Operation = form == .signal ? .signal : form == .yield ? .yield : .null
      return (system, { system.call(first, operation, Message(handle: 9)) })
    }
  }

  private func interrupt() -> (SimulatedSystem, () -> Void) {
    let machine = Driver()
    machine.system.must(machine.driver, .interrupt, Message(0, 9, handle: 8))
    machine.system.call(machine.driver, .wait, Message(handle: 9))
    return (machine.system, { machine.arrive() })
  }

  /// A region beside another, which is made, asked for or dropped.
  private func region(_ form: QuickForm) -> (SimulatedSystem, () -> Void) {
    let space = Space()
    let (system, server, task) = (space.system, space.system.memoryServer, space.task.slot)
    _ = space.region(0x100, 4)
    if form == .region { return (system, { _ = space.region(0x104, 4) }) }
    let region = space.region(0x104, 4)
    return (
      system,
      {
        if form == .drop {
          system.must(server, .drop, Message(task, handle: region))
        } else {
          system.must(server, .inspect, Message(Inspection.handle.rawValue, region, handle: task))
        }
      }
    )
  }

  /// A page beside one that is there.
  private func page(_ form: QuickForm) -> (SimulatedSystem, () -> Void) {
    let space = Space()
    let region = space.region(0x100, 4)
    let frames = space.system.takeFrames(2, aligned: 16)
    let spares = (space.system.takeFrames(), space.system.takeFrames())
    _ = space.map(region, 0x100, frame: frames, spares: spares)
    if form == .unmap { _ = space.map(region, 0x101, frame: frames + 1) }
    // Another call was about to map these.
    space.system.kernel.ram.cleared = FrameRange(frames + 8, frames + 16)
    return (
      space.system,
      { _ = form == .map ? space.map(region, 0x101, frame: frames + 1) : space.unmap(region, 0x101) }
    )
  }
}
