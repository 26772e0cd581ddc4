internal import AArch64
internal import ABI
internal import DeviceTree
internal import KernelCore
internal import KernelEntry

/// Why the kernel does not boot. Each is told on the UART where one is known, and is the code in x0 at
/// `boot_refused` and the emulator's exit status where semihosting is on.
enum BootRefusal: Error {
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
  /// RAM does not start where the ledger of its first GiB must lie (where it starts).
  case memoryBase(UInt64)
  /// The device tree, or memory that it reserves, lies where the image or the first tables do (its address).
  case treeInTheWay(UInt64)
  /// More reserved ranges than the kernel keeps.
  case tooManyReserved
  /// The services in the image are not to be believed.
  case bundle(BundleError)
  /// The bundle that the loader gave is not in whole pages of the first GiB of RAM (its first and last address).
  case bundlePlace(UInt64, UInt64)

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
    case .memoryBase: UInt64(REFUSED_RAM_BASE)
    case .treeInTheWay: UInt64(REFUSED_TREE_PLACE)
    case .tooManyReserved: UInt64(REFUSED_RESERVED)
    case .bundle: UInt64(REFUSED_BUNDLE)
    case .bundlePlace: UInt64(REFUSED_BUNDLE_PLACE)
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
      line.append(size: BootRefusal.leastMemory)
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
    case .memoryBase(let address):
      line.append("RAM starts at ")
      line.append(hexadecimal: address)
      line.append(", the image was made for ")
      line.append(hexadecimal: ImageLayout.ledger)
    case .treeInTheWay(let address):
      line.append("device tree or reserved memory in the image's place: ")
      line.append(hexadecimal: address)
    case .tooManyReserved: line.append("more reserved ranges than the kernel keeps")
    case .bundlePlace(let first, let end):
      line.append("the bundle given is not in whole pages of the first GiB: ")
      line.append(from: first, end: end)
    case .bundle(let error):
      line.append("bundle: ")
      line.append(error.reason.words)
      line.append(": ")
      line.append(hexadecimal: error.found)
      line.append(", ")
      line.append(hexadecimal: error.expected)
    }
  }
}

/// Ends boot: says why where a UART is known, then stops with the code.
func refuse(_ refusal: BootRefusal, console: EmergencyConsole) -> Never {
  if console.base != 0 {
    var line = Line()
    refusal.describe(in: &line)
    show("refused", line, on: console)
    semihosting_exit(refusal.code)
    kernel.machine.conduit.call(PowerConduit.off)
  }
  boot_refused(refusal.code)
  while true {}
}
