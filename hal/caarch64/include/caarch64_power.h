// Power: PSCI (Arm DEN 0022), by the instruction that the device tree names.
#pragma once

#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u

#if CAARCH64_REAL
#define CAARCH64_PSCI(name, text)                                                                      \
  CAARCH64_INLINE int64_t name(uint64_t function) {                                                    \
    register uint64_t x0 __asm__("x0") = function;                                                     \
    __asm__ volatile(text : "+r"(x0) :: "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",   \
                     "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");                       \
    return (int64_t)x0;                                                                                \
  }
#else
#define CAARCH64_PSCI(name, text) \
  CAARCH64_INLINE int64_t name(uint64_t function) { (void)function; return -1; }
#endif

// A task faulted that has nobody to tell: the kernel's image reports it and stops.
#if CAARCH64_REAL
void kernelHalt(uint64_t task, uint64_t syndrome, uint64_t address, uint64_t instruction);
#else
CAARCH64_INLINE void kernelHalt(uint64_t task, uint64_t syndrome, uint64_t address, uint64_t instruction) {
  (void)task; (void)syndrome; (void)address; (void)instruction;
}
#endif

CAARCH64_PSCI(psci_by_hypervisor, "hvc #0")
CAARCH64_PSCI(psci_by_monitor, ".arch_extension sec\n\tsmc #0")
