internal import ABI
internal import Interfaces
internal import Runtime
internal import ShellCore
internal import TrialRegisters

/// Starts the memory server anew, again and again, whatever it is doing: this task stands above it, and the timer says
/// when. Meanwhile the worker works.
enum Killer {
  /// Times that it kills.
  static var rounds: UInt64 { 100 }

  static func run(_ gate: inout SystemGate) -> Never {
    var random: UInt64 = 0x9e37_79b9_7f4a_7c15
    let timer = WellKnownSlot.firstFree
    do throws(Refusal) {
      try gate.copy(WellKnownSlot.notification, to: timer, badge: NotificationBit.timer)
      try gate.bind(interrupt: WellKnownSlot.timer, to: timer)
      for _ in 0..<rounds {
        random ^= random &<< 13
        random ^= random &>> 7
        random ^= random &<< 17
        // Up to 50 ms; one in eight comes so soon that it finds the server finding itself.
        let most = random & 7 == 0 ? Counter.frequency / 500 : Counter.frequency / 20
        try gate.setDeadline(timer: WellKnownSlot.timer, Counter.now + Counter.frequency / 20000 + (random >> 8) % most)
        while try gate.wait(WellKnownSlot.notification) & NotificationBit.timer == 0 {}
        try gate.power(.restartMemory, handle: WellKnownSlot.power)
      }
      while true { _ = try gate.wait(WellKnownSlot.notification) }
    } catch { fail("killer", error) }
  }
}

/// Takes and gives back memory, objects and a device while the memory server dies again and again, and counts the frames
/// in the end.
struct Worker: ~Copyable {
  private var report = Report()
  private let memory = Client<MemoryInterface>.own
  private var interrupted: UInt64 = 0
  private var refused: UInt64 = 0
  private let kept: UInt64 = 0x6000_0000

  consuming func run() -> Never {
    // What claims grow stays: the first round is not counted.
    work(0)
    let before = report.free()
    report.line("worker", "begins")
    repeating { (worker) throws(MemoryRefusal) in
      try worker.memory.allocate(
        slot: 40, page: worker.kept >> 12, pages: 3, rights: [.read, .write], &worker.report.terminal.gate)
    }
    for page in 0..<3 as Range<UInt64> { _ = registers_exchange(kept + page << 12, 0x5eed + page) }
    var round: UInt64 = 1
    while restarts < Killer.rounds {
      work(round)
      round += 1
    }
    var intact = true
    for page in 0..<3 as Range<UInt64> where registers_exchange(kept + page << 12, 0) != 0x5eed + page {
      intact = false
    }
    free(40)
    report.line("kept memory", intact ? "as written" : "NOT as written")
    report.line("requests refused", refused == 0 ? "none" : "SOME")
    report.line("restarts seen by requests", interrupted > 0 ? "some twice" : "none twice")
    report.line("frames afterwards", report.free() == before ? "as before" : "NOT as before")
    report.verify()
    report.line("worker", "ends")
    report.rest()
  }

  private var restarts: UInt64 {
    mutating get { (try? memory.task(at: 1, &report.terminal.gate))?.restarts ?? 0 }
  }

  /// A round of requests, each of which leaves nothing behind.
  private mutating func work(_ round: UInt64) {
    let pages = 1 + round * 37 % 600
    let page: UInt64 = 0x4_0000 + round * 61 % 4096
    repeating { (worker) throws(MemoryRefusal) in
      try worker.memory.allocate(
        slot: 41, page: page, pages: pages, rights: [.read, .write], &worker.report.terminal.gate)
    }
    for each in page..<page + pages where registers_exchange(each << 12, round + 1) != 0 { refused += 1 }
    repeating { (worker) throws(MemoryRefusal) in
      _ = try worker.memory.lease("rtc", index: 0, slot: 42, page: 0x380, &worker.report.terminal.gate)
    }
    free(41)
    repeating(unless: .notRegion) { (worker) throws(MemoryRefusal) in
      try worker.memory.releaseLease(slot: 42, &worker.report.terminal.gate)
    }
  }

  private mutating func free(_ slot: UInt64) {
    repeating(unless: .notRegion) { (worker) throws(MemoryRefusal) in
      try worker.memory.free(slot: slot, &worker.report.terminal.gate)
    }
  }

  /// Asks until it is not interrupted, for the client's own repetition may be interrupted too. After that it is a new
  /// request, which is refused with `done` where the one before it was served.
  private mutating func repeating(
    unless done: MemoryInterface.Reason? = nil, _ body: (inout Worker) throws(MemoryRefusal) -> Void
  ) {
    var attempts = 0
    while true {
      do throws(MemoryRefusal) { return try body(&self) } catch {
        if error.cause == .call(.interrupted) {
          attempts += 1
          interrupted += 1
          continue
        }
        if attempts > 0, let done, error.cause == .service(done) { return }
        refused += 1
        report.terminal.write(error)
        report.terminal.newLine()
        return
      }
    }
  }
}
