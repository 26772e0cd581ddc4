#pragma once

#include <stdint.h>

// A kernel call as plain C, so that it inlines into Swift as the bare `svc`. x0–x10 go in and come out; x11–x18
// come back holding nothing of use; x19–x30 are kept.
#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)

struct apus_registers {
  uint64_t w0, w1, w2, w3, w4, w5, w6, w7, label, handle, transfer;
};

#define APUS_CALL(number)                                                                                     \
  static inline __attribute__((always_inline)) struct apus_registers apus_call_##number(                     \
      uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4, uint64_t w5, uint64_t w6, uint64_t w7, \
      uint64_t label, uint64_t handle, uint64_t transfer) {                                                   \
    register uint64_t x0 __asm__("x0") = w0;                                                                  \
    register uint64_t x1 __asm__("x1") = w1;                                                                  \
    register uint64_t x2 __asm__("x2") = w2;                                                                  \
    register uint64_t x3 __asm__("x3") = w3;                                                                  \
    register uint64_t x4 __asm__("x4") = w4;                                                                  \
    register uint64_t x5 __asm__("x5") = w5;                                                                  \
    register uint64_t x6 __asm__("x6") = w6;                                                                  \
    register uint64_t x7 __asm__("x7") = w7;                                                                  \
    register uint64_t x8 __asm__("x8") = label;                                                               \
    register uint64_t x9 __asm__("x9") = handle;                                                              \
    register uint64_t x10 __asm__("x10") = transfer;                                                          \
    __asm__ volatile("svc #" #number                                                                          \
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7),        \
                       "+r"(x8), "+r"(x9), "+r"(x10)                                                          \
                     :                                                                                        \
                     : "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "cc", "memory");               \
    return (struct apus_registers){x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10};                              \
  }

APUS_CALL(0)
APUS_CALL(1)
APUS_CALL(2)
APUS_CALL(3)
APUS_CALL(4)
APUS_CALL(5)
APUS_CALL(6)
APUS_CALL(7)
APUS_CALL(8)
APUS_CALL(9)
APUS_CALL(10)
APUS_CALL(11)
APUS_CALL(12)
APUS_CALL(13)
APUS_CALL(14)
APUS_CALL(15)
APUS_CALL(16)
APUS_CALL(17)
APUS_CALL(18)
APUS_CALL(19)
APUS_CALL(20)
APUS_CALL(21)
APUS_CALL(22)
APUS_CALL(23)
APUS_CALL(24)
APUS_CALL(25)
APUS_CALL(26)
APUS_CALL(27)
APUS_CALL(28)
APUS_CALL(29)

/// The counter, CNTVCT_EL0; the kernel lets EL0 read it.
static inline __attribute__((always_inline)) uint64_t apus_counter(void) {
  uint64_t value;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
  return value;
}

/// Instructions retired at EL0 and EL1, and at EL1 alone: PMU counters 0 and 1, which the kernel lets EL0 read. They
/// stand still in an emulator without -icount. The empty pair of reads of the first counts 1, or nothing is counted.
static inline __attribute__((always_inline)) uint64_t apus_empty_pair(void) {
  uint64_t first, second;
  __asm__ volatile("mrs %0, pmevcntr0_el0\n\tmrs %1, pmevcntr0_el0" : "=&r"(first), "=r"(second) : : "memory");
  return second - first;
}
static inline __attribute__((always_inline)) uint64_t apus_instructions(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, pmevcntr0_el0" : "=r"(value) : : "memory");
  return value;
}
static inline __attribute__((always_inline)) uint64_t apus_kernel_instructions(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, pmevcntr1_el0" : "=r"(value) : : "memory");
  return value;
}

/// Where a further thread begins (start.S), as the kernel takes it.
void thread_begin(void);
static inline uint64_t thread_entry(void) { return (uint64_t)thread_begin; }
/// Lays down, below a stack's top, what a further thread runs with; returns where its stack begins. The record is what
/// `thread_begin` reads: function, argument, the slot of the thread's handle.
static inline uint64_t thread_record(uint64_t top, void (*body)(uint64_t), uint64_t argument, uint64_t slot) {
  uint64_t *record = (uint64_t *)top - 4;
  record[0] = (uint64_t)body;
  record[1] = argument;
  record[2] = slot;
  return (uint64_t)record;
}

/// Frequency of the counter in Hz, CNTFRQ_EL0.
static inline __attribute__((always_inline)) uint64_t apus_counter_frequency(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
  return value;
}

#endif
