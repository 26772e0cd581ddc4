import ABI

/// Kills the server before the kernel call of a number, counted from 0: of those that change something, for those that
/// only read leave it where it was. A dead server's calls do not reach the kernel any more.
final class Killer {
  /// Calls that the server made since the killer was armed.
  private(set) var calls = 0
  private(set) var isDead = false
  private var target: Int?
  private var then: Int?

  /// Lets the server die before call `target`, and again before call `then` of its next life.
  func arm(_ target: Int, then: Int? = nil, _ meddling: Meddling) {
    (self.target, self.then, calls) = (target, then, 0)
    let refused = Message(label: Outcome.refused | Status.peerGone.rawValue)
    meddling.answers = { [unowned self] operation, _ in
      if isDead { return refused }
      guard operation != .inspect, operation != .log, operation != .receive else { return nil }
      return strikes() ? refused : nil
    }
  }

  /// Whether it strikes at the call that comes now.
  func strikes() -> Bool {
    if isDead { return true }
    guard let target else { return false }
    isDead = calls == target
    calls += 1
    return isDead
  }

  func revive(_ meddling: Meddling) {
    isDead = false
    target = nil
    meddling.answers = nil
    if let then { arm(then, meddling) }
  }

  /// Counts on without killing.
  func count(_ meddling: Meddling) { arm(.max, meddling) }
}
