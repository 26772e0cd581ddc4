// What the exception entry and the linker script share with Swift and with the kernel's core.
#pragma once

// Offsets in a thread block: kernel/core/Thread.swift. x8 and x9; x10; x0–x7; x11–x18; x19–x30; SP_EL0 and
// ELR_EL1; SPSR_EL1 and TPIDR_EL0. A host test compares the two.
#define THREAD_LABEL 0
#define THREAD_TRANSFER 40
#define THREAD_WORDS 64
#define THREAD_SCRATCH 128
#define THREAD_KEPT 192
#define THREAD_STACK 288
#define THREAD_STATUS 304

// `Thread.floatingPointAccess`, CPACR_EL1; and q0–q31, FPCR, FPSR.
#define THREAD_FP_ACCESS 360
#define THREAD_FP 496

// Offsets in a processor's block, which TPIDR_EL1 points at: its stack; the thread whose FP/SIMD registers it holds.
#define PROCESSOR_STACK 0
#define PROCESSOR_FP_OWNER 8

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

// A quick call that is not plain after all: the general one, with the words as they came (vectors.S).
void general_call(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void general_reply_receive(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void general_signal(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void general_yield(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void general_wait(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
// The same where the words have been saved.
void general_wake(void);
void general_map(void);
void general_drop(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void general_inspect(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void general_region(void);
void general_unmap(void);
// The end of a quick call that switches to nobody: all words; three or six where they have been saved, the others from
// there.
void quick_return(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void quick_return_three(uint64_t, uint64_t, uint64_t);
void quick_return_six(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
// Leaves to the thread whose block lies there, with all of its own registers.
void kernel_exit(uint64_t thread);
// An interrupt, by its number.
void general_interrupt(uint32_t);
// A fault: ESR_EL1 and FAR_EL1.
void general_fault(uint64_t, uint64_t);

#define ENTRY_TEXT2(x) #x
#define ENTRY_TEXT(x) ENTRY_TEXT2(x)
#define ENTRY_LOAD(a, b, place, n) "ldp " #a ", " #b ", [x10, #" ENTRY_TEXT(place) " + 8 * " #n "]\n\t"

// Leaves to the thread whose block lies at `thread`, with the words in x0–x7 where they are, and in x10 what `arrived`
// loads. x11–x30 come from its own block: nothing that another thread left comes along.
#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)
#define ENTRY_EXIT(name, arrived) \
  static inline __attribute__((always_inline, noreturn)) void name(                                                    \
      uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4, uint64_t w5, uint64_t w6, uint64_t w7,          \
      uint64_t label, uint64_t badge, uint64_t thread) {                                                               \
    register uint64_t x0 __asm__("x0") = w0;                                                                           \
    register uint64_t x1 __asm__("x1") = w1;                                                                           \
    register uint64_t x2 __asm__("x2") = w2;                                                                           \
    register uint64_t x3 __asm__("x3") = w3;                                                                           \
    register uint64_t x4 __asm__("x4") = w4;                                                                           \
    register uint64_t x5 __asm__("x5") = w5;                                                                           \
    register uint64_t x6 __asm__("x6") = w6;                                                                           \
    register uint64_t x7 __asm__("x7") = w7;                                                                           \
    register uint64_t x8 __asm__("x8") = label;                                                                        \
    register uint64_t x9 __asm__("x9") = badge;                                                                        \
    register uint64_t x10 __asm__("x10") = thread;                                                                     \
    __asm__ volatile(                                                                                                  \
        "ldp x11, x12, [x10, #" ENTRY_TEXT(THREAD_STACK) "]\n\t"                                                       \
        "ldp x13, x14, [x10, #" ENTRY_TEXT(THREAD_STATUS) "]\n\t"                                                      \
        "msr sp_el0, x11\n\t"                                                                                          \
        "msr elr_el1, x12\n\t"                                                                                         \
        "msr spsr_el1, x13\n\t"                                                                                        \
        "msr tpidr_el0, x14\n\t"                                                                                       \
        "mov sp, x10\n\t"                                                                                              \
        ENTRY_LOAD(x11, x12, THREAD_SCRATCH, 0) ENTRY_LOAD(x13, x14, THREAD_SCRATCH, 2)                                \
        ENTRY_LOAD(x15, x16, THREAD_SCRATCH, 4) ENTRY_LOAD(x17, x18, THREAD_SCRATCH, 6)                                \
        ENTRY_LOAD(x19, x20, THREAD_KEPT, 0) ENTRY_LOAD(x21, x22, THREAD_KEPT, 2)                                      \
        ENTRY_LOAD(x23, x24, THREAD_KEPT, 4) ENTRY_LOAD(x25, x26, THREAD_KEPT, 6)                                      \
        ENTRY_LOAD(x27, x28, THREAD_KEPT, 8) ENTRY_LOAD(x29, x30, THREAD_KEPT, 10)                                     \
        arrived                                                                                                        \
        "eret\n\t"                                                                                                     \
        "dsb nsh\n\t"                                                                                                  \
        "isb"                                                                                                          \
        :                                                                                                              \
        : "r"(x0), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6), "r"(x7), "r"(x8), "r"(x9), "r"(x10)           \
        : "memory");                                                                                                   \
    __builtin_unreachable();                                                                                           \
  }
// No handle came along; or one did, and the block says where it lies.
ENTRY_EXIT(quick_exit, "mov x10, xzr\n\t")
ENTRY_EXIT(quick_exit_passing, "ldr x10, [x10, #" ENTRY_TEXT(THREAD_TRANSFER) "]\n\t")
#endif

static inline __attribute__((always_inline)) uint64_t panic_word(uint64_t index) { return panic_record[index]; }

#pragma GCC visibility pop
#endif
