/// When an interrupt is raised.
public enum Trigger: UInt32, Sendable {
  /// For as long as the line is high.
  case level = 0
  /// Once for each rise of the line.
  case edge = 1
}

/// Why an interrupt controller was not programmed.
public enum GICRefusal: Error, Equatable, Sendable {
  /// The controller has interrupts 0 to `limit` - 1.
  case outOfRange(intid: UInt32, limit: UInt32)
  /// INTIDs 0 to 15 are software generated: always edge.
  case fixedTrigger(intid: UInt32)
  /// INTIDs 0 to 31 are each CPU's own and cannot be sent to another.
  case notShared(intid: UInt32)
  /// No redistributor of the CPU with this affinity lies in the lease.
  case noRedistributor(affinity: UInt32)
  /// The hardware did not finish a write, or a redistributor did not wake, within the bounded wait.
  case notReady
}

/// Numbers shared by both versions.
enum GIC {
  /// The first shared interrupt (SPI); below lie 16 SGIs and 16 PPIs, banked for each CPU.
  static var firstShared: UInt32 { 32 }
  /// Priority of an interrupt until somebody sets another: below the mask of 0xf0, with room above.
  static var priority: UInt32 { 0xa0 }
  /// The same in each byte of a register.
  static var fourPriorities: UInt32 { 0xa0a0_a0a0 }
  /// Register reads before hardware is given up.
  static var attempts: Int { 100_000 }

  /// The number of INTIDs that GICD_TYPER.ITLinesNumber (bits 4:0) stands for; 1020 to 1023 are special.
  static func limit(type: UInt32) -> UInt32 { min(32 * ((type & 0x1f) + 1), 1020) }
}
