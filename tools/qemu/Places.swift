import Foundation

/// A bound on how many guests run at once: Swift Testing would start a whole matrix together, and a guest that gets
/// a tenth of a core runs into its limit.
actor Places {
  static let ofThisHost = Places(ProcessInfo.processInfo.activeProcessorCount)

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  /// Runs `body` once a place is free, first come, first served.
  nonisolated func withPlace<Result: Sendable>(_ body: @Sendable () async throws -> Result) async rethrows -> Result {
    await take()
    do {
      let result = try await body()
      await giveBack()
      return result
    } catch {
      await giveBack()
      throw error
    }
  }

  private func take() async {
    guard free == 0 else {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  private func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
