/// Yes or no in a request, a word as all else that travels: an enum's cases of nothing but words are moved word by word, a
/// `Bool` among them byte by byte.
@frozen public struct Flag: Equatable, Sendable, ExpressibleByBooleanLiteral {
  /// 1 or 0.
  public var word: UInt64
  /// A flag.
  @inlinable public init(_ isSet: Bool) { word = isSet ? 1 : 0 }
  /// A flag that is written down.
  @inlinable public init(booleanLiteral isSet: Bool) { self.init(isSet) }
  /// Whether it is set.
  @inlinable public var isSet: Bool { word != 0 }
}
