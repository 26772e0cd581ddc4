import ABI
import Interfaces

/// A gate whose kernel is a closure: what goes in is recorded, what comes out is made up by the test.
struct ScriptedGate: Gate {
  var calls: [(operation: ABI.Operation, message: Message)] = []
  var respond: (ABI.Operation, Message) -> Message = { _, _ in Message() }

  mutating func invoke(_ operation: ABI.Operation, _ message: inout Message) {
    calls.append((operation, message))
    message = respond(operation, message)
  }
}
