import ABI
import KernelCore
import TestSupport
import Testing

/// The quick forms against the general ones: two systems in step, one with them and one without, agree in every word of
/// RAM and of the kernel. That holds the comparison of `SimulatedSystem.enter` too, which looks only at the frames that
/// were touched.
@Suite("Quick calls")
struct QuickTests {
  @Test(
    "random exchanges leave the same state with the quick forms and without", arguments: 1...4 as ClosedRange<UInt64>)
  func lockstep(seed: UInt64) {
    // A client whose equal is ready is not plain.
    let meetings = [true, false].map { meeting(quick: $0, second: 8 + seed % 2 * 2) }
    let (quick, general) = (meetings[0], meetings[1])
    var random = Seeded(state: seed)
    for step in 1...200 {
      let (actor, operation, message) = choose(&random, quick)
      let answers = meetings.map { perform(pick(actor, $0), operation, message, $0) }
      #expect(answers[0] == answers[1], "step \(step)")
      guard step % 8 == 0 else { continue }
      #expect(quick.system.digest() == general.system.digest(), "step \(step): \(String(describing: operation))")
    }
    let forms: [QuickForm] = [.call, .pass, .yield] + (seed % 2 == 0 ? [.replyReceive, .resume] : [])
    for form in forms { #expect(quick.system.carriedOut[form] ?? 0 > 0, "\(form)") }
    #expect(general.system.quickSwitches == 0)
    #expect(quick.system.kernel.machine.violations.isEmpty)
  }

  /// A meeting whose clients each have a region to fault in.
  private func meeting(quick: Bool, second: UInt64) -> Meeting {
    let meeting = Meeting(second: second)
    let system = meeting.system
    system.usesQuickPaths = quick
    system.carriedOut = [:]
    meeting.asMemoryServer {
      for client in [meeting.first, meeting.second] {
        system.must(system.memoryServer, .region, Message(20, 0x100, 8, 3, handle: client.slot))
      }
    }
    return meeting
  }

  /// A call; no operation is a fault.
  private func perform(_ actor: Actor, _ operation: Operation?, _ message: Message, _ meeting: Meeting) -> Message {
    guard let operation else {
      meeting.system.makeCurrent(actor.thread)
      meeting.system.fault(syndrome: 0x9200_0007 | message[0] & 0x40, address: message[0])
      return meeting.result(actor)
    }
    return meeting.system.call(actor, operation, message)
  }

  private func pick(_ index: Int, _ meeting: Meeting) -> Actor {
    [meeting.server, meeting.first, meeting.second][index]
  }

  /// A call by somebody who is ready: mostly plain exchanges, with what makes them less plain in between.
  private func choose(_ random: inout Seeded, _ meeting: Meeting) -> (Int, Operation?, Message) {
    let ready = (0..<3).filter { meeting.state(pick($0, meeting)) == ThreadState.ready }
    // Somebody is: whoever waits for a reply waits for one of them.
    let who = ready[Int(random.next(below: UInt64(ready.count)))]
    let words = Message(random.next(), random.next(), 3, 4, 5, 6, 7, random.next(), label: random.next(), handle: 8)
    if who == 0 {
      var answer = words
      // Who faulted goes on, or there is soon nobody left.
      let owed = meeting.system.kernel.thread(meeting.server.thread).pointee.caller
      if owed != 0, meeting.system.kernel.thread(owed).pointee.isFault != 0 { answer.label = FaultMessage.resume }
      answer.transfer = Transfer(receive: random.next(below: 4) == 0 ? 8 : 30).raw
      switch random.next(below: 8) {
      case 0: return (0, .receive, Message(handle: 8))
      case 1: return (0, .drop, Message(handle: 30))
      case 2 where ready.count > 1: return (0, .wait, Message(handle: 9))
      default: return (0, .replyReceive, answer)
      }
    }
    if ready.count == 1, meeting.state(meeting.server) == ThreadState.waiting {
      return (who, .signal, Message(handle: 9))
    }
    switch random.next(below: 10) {
    case 0: return (who, .signal, Message(handle: 9))
    case 1: return (who, .call, Message(handle: random.next(below: 12)))
    case 2: return (who, .call, Message(1, handle: 8, transfer: Transfer(pass: UInt32(random.next(below: 11))).raw))
    case 5: return (who, .call, Message(1, handle: 8, transfer: Transfer(pass: 9).raw))
    case 3: return (who, .yield, Message(1, 2, 3, 4, 5))
    case 4: return (who, nil, random.next(below: 3) == 0 ? words : Message(0x100_000 + random.next(below: 0x8000)))
    default: return (who, .call, words)
    }
  }
}
