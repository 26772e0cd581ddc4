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

  /// Sizes of RAM that are odd, large or split by the hole below 4 GiB, each on the default machine.
  static let sizes: [Guest] = ["64M", "193M", "1G", "3G", "16G"].map { memory in
    var guest = Guest()
    guest.memory = memory
    return guest
  }
}
