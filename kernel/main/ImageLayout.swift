internal import AArch64
internal import KernelEntry
internal import Machine

/// Where the image lies, by physical address; blocks of 2 MiB.
enum ImageLayout {
  static var block: UInt64 { 2 << 20 }
  /// The ledger of the image's GiB: the block before the image.
  static var ledger: UInt64 { code &- block }
  static var code: UInt64 { physical(address_image_code()) }
  static var codeEnd: UInt64 { physical(address_image_code_end()) }
  static var readOnly: UInt64 { physical(address_image_read_only()) }
  static var readOnlyEnd: UInt64 { physical(address_image_read_only_end()) }
  static var data: UInt64 { physical(address_image_data()) }
  /// End of what is in use, and of the block that holds it.
  static var usedEnd: UInt64 { physical(address_image_end()) }
  static var end: UInt64 { (usedEnd &+ block &- 1) & ~(block &- 1) }
  static var pool: UInt64 { physical(address_pool_start()) }
  static var poolEnd: UInt64 { physical(address_pool_end()) }
  static var bundle: UInt64 { physical(address_bundle_start()) }
  static var bundleEnd: UInt64 { physical(address_bundle_end()) }
  static var log: UInt64 { physical(address_log_ring()) }
  /// The core's static tables.
  static var store: UInt64 { physical(address_kernel_store()) }

  /// Whether the code runs in the upper half: the MMU is on.
  static var isTranslated: Bool { address_image_code() >= DirectMap.base }

  /// Bytes rounded up to whole pages.
  static func pages(_ bytes: UInt64) -> UInt64 { (bytes &+ 4095) & ~4095 }

  /// The physical address of something in the image, whichever half the code runs in.
  static func physical(_ address: UInt64) -> UInt64 { address & ~DirectMap.base }
}
