import QEMU

extension Guest {
  /// Every machine that a kernel must boot on. Each cell is a test case of its own: one that QEMU refuses or that
  /// prints nothing is a failure like any other, and ``GuestTests`` counts them.
  static let matrix: [Guest] = {
    var cells: [Guest] = []
    for gic in [2, 3] {
      for entersAtEL2 in [false, true] {
        for cpu in ["cortex-a53", "cortex-a72", "max"] {
          for memory in ["64M", "128M", "1G"] {
            var guest = Guest()
            (guest.gic, guest.entersAtEL2, guest.cpu, guest.memory) = (gic, entersAtEL2, cpu, memory)
            cells.append(guest)
          }
        }
      }
    }
    return cells
  }()

  /// The default machine with another amount of RAM.
  static func with(memory: String) -> Guest {
    var guest = Guest()
    guest.memory = memory
    return guest
  }
}
