import ClockCore
import Foundation
import Interfaces
import Testing

extension TextBuffer {
  var text: String { String(decoding: (0..<count).map { self[$0] }, as: UTF8.self) }
}

@Suite("Clock") struct ClockTests {
  static func foundation(_ seconds: Int64) -> [Int] {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0)!
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
    return [parts.year!, parts.month!, parts.day!, parts.hour!, parts.minute!, parts.second!]
  }

  @Test("dates agree with Foundation's from 1600 to 9999, and lead back to the same second")
  func calendar() {
    var random = Seeded(state: 31)
    for index in 0..<5000 {
      let seconds =
        index % 2 == 0
        ? Int64.random(in: -11_676_096_000...253_402_300_799, using: &random)
        : Int64.random(in: 0...4_294_967_295, using: &random)
      let made = DateTime(unixSeconds: seconds)
      #expect([made.year, made.month, made.day, made.hour, made.minute, made.second] == Self.foundation(seconds))
      #expect(made.unixSeconds == seconds)
    }
  }

  @Test(
    "the turns of days, months, years and leap years are right",
    arguments: [
      (0, "1970-01-01 00:00:00 UTC"), (86_399, "1970-01-01 23:59:59 UTC"), (-1, "1969-12-31 23:59:59 UTC"),
      (951_782_400, "2000-02-29 00:00:00 UTC"), (4_107_542_399, "2100-02-28 23:59:59 UTC"),
      (4_107_542_400, "2100-03-01 00:00:00 UTC"), (4_294_967_295, "2106-02-07 06:28:15 UTC"),
    ] as [(Int64, String)])
  func turns(seconds: Int64, text: String) {
    var buffer = TextBuffer<32>()
    DateTime(unixSeconds: seconds).write(to: &buffer)
    #expect(buffer.text == text)
  }

  @Test(
    "a day or time that does not exist is none",
    arguments: [
      [2023, 2, 29, 0, 0, 0], [2100, 2, 29, 0, 0, 0], [2024, 4, 31, 0, 0, 0], [2024, 13, 1, 0, 0, 0],
      [2024, 0, 1, 0, 0, 0], [2024, 1, 0, 0, 0, 0], [2024, 1, 1, 24, 0, 0], [2024, 1, 1, 0, 60, 0],
      [2024, 1, 1, 0, 0, 60], [2024, 1, 1, -1, 0, 0],
    ])
  func impossible(p: [Int]) {
    #expect(DateTime(year: p[0], month: p[1], day: p[2], hour: p[3], minute: p[4], second: p[5]) == nil)
  }

  @Test("a leap day exists")
  func leapDay() throws {
    let day = try #require(DateTime(year: 2024, month: 2, day: 29))
    #expect(day.unixSeconds == 1_709_164_800)
  }

  @Test("sleepers wake in the order of their deadlines, and of their coming where those are equal")
  func order() throws {
    var random = Seeded(state: 4)
    for _ in 0..<200 {
      var queue = SleepQueue<16>()
      var expected: [Sleeper] = []
      for client in 0..<16 as Range<UInt64> {
        let sleeper = Sleeper(deadline: .random(in: 0..<8, using: &random), client: client, reply: client + 100)
        try queue.add(sleeper)
        expected.append(sleeper)
      }
      expected.sort { ($0.deadline, $0.client) < ($1.deadline, $1.client) }
      #expect(queue.nextDeadline == expected[0].deadline)
      for now in 0..<8 as Range<UInt64> {
        while let sleeper = queue.takeDue(at: now) {
          #expect(sleeper == expected.removeFirst())
          #expect(sleeper.deadline <= now)
        }
        #expect(queue.nextDeadline.map { $0 > now } ?? true)
      }
      #expect(expected.isEmpty && queue.count == 0)
    }
  }

  @Test("a full queue refuses with both values, and a dead client's sleeper makes room")
  func full() throws {
    var queue = SleepQueue<2>()
    try queue.add(Sleeper(deadline: 5, client: 1, reply: 1))
    try queue.add(Sleeper(deadline: 3, client: 2, reply: 2))
    #expect(throws: ClockRefusal.tooManySleepers(sleepers: 2, limit: 2)) {
      try queue.add(Sleeper(deadline: 1, client: 3, reply: 3))
    }
    #expect(queue.take(client: 2)?.reply == 2)
    #expect(queue.take(client: 2) == nil)
    try queue.add(Sleeper(deadline: 9, client: 3, reply: 3))
    #expect(queue.nextDeadline == 5)
  }
}
