internal import AArch64
internal import DeviceTree
internal import KernelEntry

/// Why the kernel does not boot. Each is told on the UART where one is known, and is the code in x0 at
/// `boot_refused` and the emulator's exit status where semihosting is on.
enum Refusal: Error {
  /// The device tree is not to be believed, or lacks something.
  case tree(DeviceTreeError)
  /// RAM ends too early (bytes found).
  case memoryTooSmall(UInt64)
  /// The image, with the ledger before it, does not lie in RAM (its first and last address).
  case notRAM(UInt64, UInt64)
  /// The GiB of the UART holds RAM, which the console's block would map as a device (the UART's address).
  case consoleBesideRAM(UInt64)
  /// The boot pool is too small for the layout.
  case tables
  /// DC ZVA clears something else than 64 bytes, or nothing (DCZID_EL0).
  case zeroBlock(UInt64)

  /// Bytes of RAM at least: a section, the unit in which RAM is claimed.
  static var leastMemory: UInt64 { 32 << 20 }

  /// The code.
  var code: UInt64 {
    switch self {
    case .tree(let error): UInt64(error.reason.rawValue)
    case .memoryTooSmall: UInt64(REFUSED_RAM_TOO_SMALL)
    case .notRAM: UInt64(REFUSED_NOT_RAM)
    case .consoleBesideRAM: UInt64(REFUSED_CONSOLE)
    case .tables: UInt64(REFUSED_TABLES)
    case .zeroBlock: UInt64(REFUSED_ZERO_BLOCK)
    }
  }

  /// The refusal in words, with its values.
  func describe(in line: inout Line) {
    switch self {
    case .tree(let error):
      line.append("device tree: ")
      line.append(error.reason.words)
      line.append(": ")
      line.append(hexadecimal: error.found)
      line.append(", ")
      line.append(hexadecimal: error.expected)
    case .memoryTooSmall(let bytes):
      line.append("RAM too small: ")
      line.append(size: bytes)
      line.append(" found, ")
      line.append(size: Refusal.leastMemory)
      line.append(" needed")
    case .notRAM(let first, let end):
      line.append("the image is not in RAM: ")
      line.append(from: first, end: end)
    case .consoleBesideRAM(let address):
      line.append("the GiB of the UART holds RAM: ")
      line.append(hexadecimal: address)
    case .tables: line.append("the boot pool has too few tables")
    case .zeroBlock(let value):
      line.append("DC ZVA does not clear 64 bytes: DCZID_EL0 ")
      line.append(hexadecimal: value)
    }
  }
}

/// Ends boot: says why where a UART is known, then stops with the code.
func refuse(_ refusal: Refusal, console: EmergencyConsole) -> Never {
  if console.base != 0 {
    var line = Line()
    refusal.describe(in: &line)
    show(line, subject: "refused", on: console)
    semihosting_exit(refusal.code)
    unsafe machine.conduit.call(PowerConduit.off)
  }
  boot_refused(refusal.code)
  while true {}
}
