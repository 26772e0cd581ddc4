// What the exception entry and the linker script share with Swift and with the kernel's core.
#pragma once

// Offsets in a thread block: kernel/core/Thread.swift, `SavedRegisters`. A host test compares the two.
#define THREAD_X 0
#define THREAD_STACK (31 * 8)
#define THREAD_INSTRUCTION (32 * 8)
#define THREAD_STATUS (33 * 8)
#define THREAD_POINTER (34 * 8)

// Offsets in a processor's block, which TPIDR_EL1 points at.
#define PROCESSOR_STACK 0

// Tables in the boot pool: one of level 1, one of level 2 for the image's GiB. kernel.ld computes the number
// from the layout and refuses to link when this one is smaller or larger.
#define POOL_TABLES 2
// Bytes of the core's static tables: `Store.bytes`.
#define STORE_BYTES 8192

// Virtual address of physical address 0 in the kernel's half.
#define DIRECT_MAP 0xffffff8000000000

// Words of a panic's record: x0–x30, sp, ELR, SPSR, ESR, FAR, vector.
#define PANIC_WORDS 37

// Refusals of boot itself: x0 at `boot_refused` and the emulator's exit status. Numbers below 64 are
// `DeviceTreeError.Reason`.
#define REFUSED_LEVEL 64
#define REFUSED_ADDRESS 65
#define REFUSED_RAM_TOO_SMALL 66
#define REFUSED_NOT_RAM 67
#define REFUSED_CONSOLE 68
#define REFUSED_TABLES 69
#define REFUSED_ZERO_BLOCK 70
#define REFUSED_RAM_BASE 71
#define REFUSED_RESERVED 72
#define REFUSED_BUNDLE 73
#define REFUSED_BUNDLE_PLACE 75
#define REFUSED_TREE_PLACE 74
#define REFUSED_PANIC 99

#ifndef __ASSEMBLER__
#include <stdint.h>

#pragma GCC visibility push(hidden)

// The image's layout, from kernel.ld. Before the MMU is on these are physical addresses, after it virtual:
// code finds them relative to itself.
extern char image_code[], image_code_end[], image_read_only[], image_read_only_end[], image_data[], image_end[];
extern char bundle_start[], bundle_end[], pool_start[], pool_end[], log_ring[], kernel_store[];
extern char stack_bottom[], stack_top[];

// Ends the emulator with a status if semihosting is on, and returns otherwise.
void semihosting_exit(uint64_t status);
// Stops with a code in x0 that a debugger finds: see entry.S.
void boot_refused(uint64_t code);
// What a panic saved: PANIC_WORDS words.
extern uint64_t panic_record[PANIC_WORDS];

#define ENTRY_ADDRESS(name) \
  static inline __attribute__((always_inline)) uint64_t address_##name(void) { return (uint64_t)name; }
ENTRY_ADDRESS(image_code)
ENTRY_ADDRESS(image_code_end)
ENTRY_ADDRESS(image_read_only)
ENTRY_ADDRESS(image_read_only_end)
ENTRY_ADDRESS(image_data)
ENTRY_ADDRESS(image_end)
ENTRY_ADDRESS(bundle_start)
ENTRY_ADDRESS(bundle_end)
ENTRY_ADDRESS(pool_start)
ENTRY_ADDRESS(pool_end)
ENTRY_ADDRESS(log_ring)
ENTRY_ADDRESS(kernel_store)
ENTRY_ADDRESS(stack_bottom)
ENTRY_ADDRESS(stack_top)

static inline __attribute__((always_inline)) uint64_t panic_word(uint64_t index) { return panic_record[index]; }

#pragma GCC visibility pop
#endif
