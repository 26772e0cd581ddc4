// What ends the kernel: semihosting, and a panic after an exception of its own.
#include "entry.h"
#include "asm.h"

  .section .text.panic, "ax"

// Semihosting's exit, where the emulator offers it; elsewhere HLT is undefined and the vector skips it.
// Arm semihosting, SYS_EXIT with ADP_Stopped_ApplicationExit and a status.
  .globl semihosting_exit
semihosting_exit:
  sub sp, sp, #16
  mov x1, #0x26
  movk x1, #2, lsl #16
  stp x1, x0, [sp]
  mov x1, sp
  mov w0, #0x18
semihosting_call:
  hlt #0xf000
  add sp, sp, #16
  ret

  .globl kernel_exception
kernel_exception:
  msr tpidr_el0, x1
  adr x1, semihosting_call
  cmp x0, x1
  b.ne 1f
  add x0, x0, #4
  msr elr_el1, x0
  mrs x1, tpidr_el0
  mrs x0, tpidrro_el0
  eret
1:
  mrs x1, tpidr_el0
  mov x0, #4

// x0: the vector; the thread's x0 is in TPIDRRO_EL0. A second panic inside the first stops at once.
  .globl panic
panic:
  msr tpidr_el0, x1
  adrp x1, panic_record
  add x1, x1, :lo12:panic_record
  str x0, [x1, #(36 * 8)]
  stp x2, x3, [x1, #(2 * 8)]
  stp x4, x5, [x1, #(4 * 8)]
  stp x6, x7, [x1, #(6 * 8)]
  stp x8, x9, [x1, #(8 * 8)]
  stp x10, x11, [x1, #(10 * 8)]
  stp x12, x13, [x1, #(12 * 8)]
  stp x14, x15, [x1, #(14 * 8)]
  stp x16, x17, [x1, #(16 * 8)]
  stp x18, x19, [x1, #(18 * 8)]
  stp x20, x21, [x1, #(20 * 8)]
  stp x22, x23, [x1, #(22 * 8)]
  stp x24, x25, [x1, #(24 * 8)]
  stp x26, x27, [x1, #(26 * 8)]
  stp x28, x29, [x1, #(28 * 8)]
  mov x2, sp
  stp x30, x2, [x1, #(30 * 8)]
  mrs x2, elr_el1
  mrs x3, spsr_el1
  stp x2, x3, [x1, #(32 * 8)]
  mrs x2, esr_el1
  mrs x3, far_el1
  stp x2, x3, [x1, #(34 * 8)]
  mrs x2, tpidrro_el0
  mrs x3, tpidr_el0
  stp x2, x3, [x1]
  adrp x2, stack_top            // whatever the stack was, it is given up
  add x2, x2, :lo12:stack_top
  mov sp, x2
  mov x29, xzr
  mov x30, xzr
  adrp x2, panicking
  ldr w3, [x2, :lo12:panicking]
  cbnz w3, 1f
  mov w3, #1
  str w3, [x2, :lo12:panicking]
  bl kernelException
1:
  mov x0, #REFUSED_PANIC
  b boot_refused

  .section .bss.panic, "aw", %nobits
  .balign 16
  .globl panic_record
panic_record:
  .space PANIC_WORDS * 8
  .balign 8
panicking:
  .space 8
