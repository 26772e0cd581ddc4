// Exceptions. While a thread runs at EL0, SP_EL1 points at its block; TPIDR_EL1 at the processor's block.
// Arm ARM D1.3.1 (vectors), D17.2.37 (ESR_EL1).
#include "entry.h"
#include "asm.h"

#define X(n) [sp, #(THREAD_X + 8 * n)]

// x9 and x10 are saved; saves what else the ABI keeps or carries: the words, label, x19–x30 and the rest.
.macro save_kept
  stp x0, x1, X(0)
  stp x2, x3, X(2)
  stp x4, x5, X(4)
  stp x6, x7, X(6)
  str x8, X(8)
  stp x19, x20, X(19)
  stp x21, x22, X(21)
  stp x23, x24, X(23)
  stp x25, x26, X(25)
  stp x27, x28, X(27)
  stp x29, x30, X(29)
  mrs x0, sp_el0
  mrs x1, elr_el1
  mrs x2, spsr_el1
  mrs x3, tpidr_el0
  stp x0, x1, [sp, #THREAD_STACK]
  stp x2, x3, [sp, #THREAD_STATUS]
.endm

// The registers that a system call gives up; an interrupt or a fault keeps them too.
.macro save_scratch
  stp x11, x12, X(11)
  stp x13, x14, X(13)
  stp x15, x16, X(15)
  stp x17, x18, X(17)
.endm

// From the thread's block to the processor's stack; backtraces end here.
.macro enter_kernel
  mrs x9, tpidr_el1
  ldr x9, [x9, #PROCESSOR_STACK]
  mov sp, x9
  mov x29, xzr
  mov x30, xzr
.endm

.macro unexpected number
  .balign 128
  msr tpidrro_el0, x0
  mov x0, #\number
  b panic
.endm

  .section .text.vectors, "ax"
  .balign 2048
  .globl vectors
vectors:
  // The kernel itself, on SP_EL0: never.
  unexpected 0
  unexpected 1
  unexpected 2
  unexpected 3
  // The kernel itself: a panic, but for the one instruction that is allowed to be undefined.
  .balign 128
  msr tpidrro_el0, x0
  mrs x0, elr_el1
  b kernel_exception
  unexpected 5
  unexpected 6
  unexpected 7

  // A task: system calls and faults. `call` and `replyReceive` without a handle try the quick way first.
  .balign 128
  stp x8, x9, [sp]              // where AAPCS64 passes a ninth and a tenth argument; the eleventh is there
  str x10, X(10)
  mrs x9, esr_el1
  mov w8, #0x56000000           // SVC from AArch64, immediate 0. D17.2.37
  sub w8, w9, w8
  cmp w8, #1
  b.hi general
  cbnz w10, general             // a handle goes along
  b quick

  // A task: interrupts.
  .balign 128
  stp x9, x10, X(9)
  save_kept
  b interrupt

  unexpected 10
  unexpected 11
  unexpected 12
  unexpected 13
  unexpected 14
  unexpected 15

  .balign 64
quick:
  stp x19, x20, X(19)
  stp x21, x22, X(21)
  stp x23, x24, X(23)
  stp x25, x26, X(25)
  stp x27, x28, X(27)
  stp x29, x30, X(29)
  mrs x9, sp_el0
  mrs x11, elr_el1
  mrs x12, spsr_el1
  mrs x13, tpidr_el0
  stp x9, x11, [sp, #THREAD_STACK]
  stp x12, x13, [sp, #THREAD_STATUS]
  cbnz w8, 1f
  b kernelQuickCall
1:
  b kernelQuickReplyReceive

  // Not plain after all; nothing was written. x19–x30 are as they came: the quick functions keep them.
  .globl general_call
general_call:
  ldr x9, [sp, #8]
  ldr x8, [sp]
  str x9, X(9)
  mov w10, #0
  b system_call
  .globl general_reply_receive
general_reply_receive:
  ldr x9, [sp, #8]
  ldr x8, [sp]
  str x9, X(9)
  mov w10, #1
  b system_call

general:
  ldp x8, x9, [sp]
  str x9, X(9)
  mrs x10, esr_el1
  lsr x9, x10, #26
  cmp x9, #0x15                 // SVC from AArch64
  b.ne fault

  .balign 64
system_call:
  save_kept
  and w0, w10, #0xffff          // the operation, ESR_EL1.ISS
  enter_kernel
  bl kernelSystemCall
  b kernel_exit

  .balign 64
interrupt:
  save_scratch
  enter_kernel
  bl kernelInterrupt
  b kernel_exit

  .balign 64
fault:
  save_kept
  save_scratch
  mov x0, x10
  mrs x1, far_el1
  enter_kernel
  bl kernelFault
  b kernel_exit

// Resumes the thread whose block x0 points at. Every register is loaded from it: nothing that another
// thread left comes along.
  .balign 64
  .globl kernel_exit
kernel_exit:
  ldp x1, x2, [x0, #THREAD_STACK]
  ldp x3, x4, [x0, #THREAD_STATUS]
  msr sp_el0, x1
  msr elr_el1, x2
  msr spsr_el1, x3
  msr tpidr_el0, x4
  mov sp, x0
  ldp x2, x3, X(2)
  ldp x4, x5, X(4)
  ldp x6, x7, X(6)
  ldp x8, x9, X(8)
  ldp x10, x11, X(10)
  ldp x12, x13, X(12)
  ldp x14, x15, X(14)
  ldp x16, x17, X(16)
  ldp x18, x19, X(18)
  ldp x20, x21, X(20)
  ldp x22, x23, X(22)
  ldp x24, x25, X(24)
  ldp x26, x27, X(26)
  ldp x28, x29, X(28)
  ldr x30, X(30)
  ldp x0, x1, X(0)
  eret
  dsb nsh                       // no speculation past the return
  isb

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
