/// Bits of a service's notification.
public enum NotificationBit {
  /// Its supervisor wants it to call.
  @inlinable public static var supervisor: UInt64 { 1 << 0 }
  /// Its device.
  @inlinable public static var device: UInt64 { 1 << 1 }
  /// The timer.
  @inlinable public static var timer: UInt64 { 1 << 2 }
  /// The log has grown.
  @inlinable public static var log: UInt64 { 1 << 3 }
  /// The memory server has events, for the supervisor.
  @inlinable public static var events: UInt64 { 1 << 4 }
}
