/// One that waits for its reply: a client, and the reply kept for it.
protocol Waiter {
  /// The badge of the endpoint it called through.
  var client: UInt64 { get }
}

/// At most `capacity` waiters, the longest waiting first.
struct WaitQueue<Element: Waiter, let capacity: Int> {
  private var elements: InlineArray<capacity, Element?>
  /// The number that wait.
  private(set) var count = 0

  /// Nobody waits.
  init() { elements = InlineArray(repeating: nil) }

  /// Whether nobody waits.
  var isEmpty: Bool { count == 0 }

  /// The one who waits longest.
  mutating func first() -> Element? { count == 0 ? nil : elements[0] }

  /// Lets `element` wait behind the others, and says whether there was a place.
  mutating func append(_ element: Element) -> Bool {
    guard count < capacity else { return false }
    elements[count] = element
    count += 1
    return true
  }

  /// Lets the one at `index` wait no longer.
  mutating func remove(at index: Int) {
    for place in index..<count - 1 { elements[place] = elements[place + 1] }
    count -= 1
    elements[count] = nil
  }

  /// Whether `client` waits.
  mutating func contains(client: UInt64) -> Bool {
    for index in 0..<count where elements[index]?.client == client { return true }
    return false
  }

  /// Removes one waiter of `client` and returns it.
  mutating func take(client: UInt64) -> Element? {
    for index in 0..<count {
      guard let element = elements[index], element.client == client else { continue }
      remove(at: index)
      return element
    }
    return nil
  }
}
