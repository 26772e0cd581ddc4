public import Interfaces

/// A date and time of day, UTC, in the Gregorian calendar carried back before its time.
public struct DateTime: Equatable, Sendable {
  /// The year, 1970 in the year of the epoch.
  public let year: Int
  /// The month, 1 to 12.
  public let month: Int
  /// The day of the month, from 1.
  public let day: Int
  /// The hour, 0 to 23.
  public let hour: Int
  /// The minute, 0 to 59.
  public let minute: Int
  /// The second, 0 to 59: Unix time has no leap seconds.
  public let second: Int

  /// The date and time with these parts, or nothing where there is no such day or time.
  public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    guard (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day) else { return nil }
    guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second) else { return nil }
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// The date and time `unixSeconds` after 1970-01-01 00:00:00.
  ///
  /// Years are counted from March, so that the leap day is the last of its year and the lengths of months before it
  /// follow one rule: five months have 153 days. 400 years have 146,097 days.
  public init(unixSeconds: Int64) {
    let (days, time) = Int(unixSeconds).floored(by: 86_400)
    let (era, dayOfEra) = (days + Self.daysToEpoch).floored(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
    month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    hour = time / 3600
    minute = time / 60 % 60
    second = time % 60
  }

  /// Seconds since 1970-01-01 00:00:00, negative before.
  public var unixSeconds: Int64 {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).floored(by: 400)
    let fromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * fromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - Self.daysToEpoch
    return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
  }

  /// From 1 March of the year 0 to 1 January 1970.
  private static var daysToEpoch: Int { 719_468 }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Writes `2026-03-01 09:05:00 UTC`. Years before 0 are written as 0.
  public func write<Sink: TextSink & ~Copyable>(to sink: inout Sink) {
    let zero = UInt8(ascii: "0")
    sink.write(decimal: UInt64(max(year, 0)), width: 4, fill: zero)
    sink.write("-")
    sink.write(decimal: UInt64(month), width: 2, fill: zero)
    sink.write("-")
    sink.write(decimal: UInt64(day), width: 2, fill: zero)
    sink.write(" ")
    sink.write(decimal: UInt64(hour), width: 2, fill: zero)
    sink.write(":")
    sink.write(decimal: UInt64(minute), width: 2, fill: zero)
    sink.write(":")
    sink.write(decimal: UInt64(second), width: 2, fill: zero)
    sink.write(" UTC")
  }
}

extension Int {
  /// Quotient rounded down, and the remainder, never negative.
  fileprivate func floored(by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
