/// Where the kernel's half of the address space shows all RAM, byte for byte: objects, tables and ledger are named by their
/// addresses there, and 0 names nothing.
@frozen public enum DirectMap {
  /// Kernel virtual address of physical address 0: a 39-bit upper half holds 512 GiB.
  @inlinable public static var base: UInt64 { 0xffff_ff80_0000_0000 }
  /// Address of a frame.
  @inlinable public static func address(_ frame: UInt64) -> UInt64 { base | frame &<< 12 }
  /// The frame of an address.
  @inlinable public static func frame(_ address: UInt64) -> UInt64 { address >> 12 & 0x7ff_ffff }
}
