internal import ABI
internal import Faults
internal import Interfaces
internal import Runtime
internal import TrialRegisters

/// SwiftPM wants an executable's entry; the image's is `service_main`.
@main enum Program { static func main() {} }

/// One program for all parts of the trials: a task's name in the system file says which one it plays.
@c(service_main) public func start(_ argument: UInt64) {
  var gate = SystemGate()
  let name = (try? gate.inspect(.task)[0]) ?? 0
  switch Name(word: name) {
  case "victim": registers_serve(3)
  case "spinner": registers_spin()
  case "peeker": _ = fault_read(argument)
  case "writer": Writer.run(argument, &gate)
  case "hostile": Hostile().run()
  case "seed": Seed().run()
  case "mortal": Mortal.run(&gate)
  case "witness": Witness().run()
  case "threads": Threads().run()
  case "mourner": Mourner().run()
  case "orphan": Orphan.run(argument, &gate)
  case "lazy": Lazy().run()
  case "killer": Killer.run(&gate)
  case "rng": Random.run(&gate)
  case "driver": Driver.run(&gate)
  case "worker": Worker().run()
  case "storm": Storm(rounds: 5000, seed: 0x5eed).run()
  case "tempest": Storm(rounds: 150_000, seed: 0x5eed_5eed).run()
  case "gale": Gale(seed: argument).run()
  default: exit(2)
  }
  exit(3)
}
