// Exceptions. While a thread runs at EL0, SP_EL1 points at its block; TPIDR_EL1 at the processor's block.
// Arm ARM D1.3.1 (vectors), D17.2.37 (ESR_EL1).
#include "entry.h"
#include "asm.h"

#define X0 THREAD_WORDS
#define X11 THREAD_SCRATCH
#define X19 THREAD_KEPT

.macro save_words
  stp x0, x1, [sp, #X0]
  stp x2, x3, [sp, #(X0 + 16)]
  stp x4, x5, [sp, #(X0 + 32)]
  stp x6, x7, [sp, #(X0 + 48)]
.endm

// The registers that a system call gives up; an interrupt or a fault keeps them too.
.macro save_scratch
  stp x11, x12, [sp, #X11]
  stp x13, x14, [sp, #(X11 + 16)]
  stp x15, x16, [sp, #(X11 + 32)]
  stp x17, x18, [sp, #(X11 + 48)]
.endm

// What the ABI keeps, by way of x10–x13.
.macro save_kept
  stp x19, x20, [sp, #X19]
  stp x21, x22, [sp, #(X19 + 16)]
  stp x23, x24, [sp, #(X19 + 32)]
  stp x25, x26, [sp, #(X19 + 48)]
  stp x27, x28, [sp, #(X19 + 64)]
  stp x29, x30, [sp, #(X19 + 80)]
  mrs x10, sp_el0
  mrs x11, elr_el1
  mrs x12, spsr_el1
  mrs x13, tpidr_el0
  stp x10, x11, [sp, #THREAD_STACK]
  stp x12, x13, [sp, #THREAD_STATUS]
.endm

// From the thread's block, which \thread gets, to the processor's stack; backtraces end here.
.macro enter_kernel thread
  mov \thread, sp
  mrs x10, tpidr_el1
  ldr x10, [x10, #PROCESSOR_STACK]
  mov sp, x10
  mov x29, xzr
.endm

.macro all_fp instruction, thread
  \instruction q0, q1, [\thread, #(THREAD_FP + 0)]
  \instruction q2, q3, [\thread, #(THREAD_FP + 32)]
  \instruction q4, q5, [\thread, #(THREAD_FP + 64)]
  \instruction q6, q7, [\thread, #(THREAD_FP + 96)]
  \instruction q8, q9, [\thread, #(THREAD_FP + 128)]
  \instruction q10, q11, [\thread, #(THREAD_FP + 160)]
  \instruction q12, q13, [\thread, #(THREAD_FP + 192)]
  \instruction q14, q15, [\thread, #(THREAD_FP + 224)]
  \instruction q16, q17, [\thread, #(THREAD_FP + 256)]
  \instruction q18, q19, [\thread, #(THREAD_FP + 288)]
  \instruction q20, q21, [\thread, #(THREAD_FP + 320)]
  \instruction q22, q23, [\thread, #(THREAD_FP + 352)]
  \instruction q24, q25, [\thread, #(THREAD_FP + 384)]
  \instruction q26, q27, [\thread, #(THREAD_FP + 416)]
  \instruction q28, q29, [\thread, #(THREAD_FP + 448)]
  \instruction q30, q31, [\thread, #(THREAD_FP + 480)]
.endm

// A vector has 128 bytes; the assembler refuses to go back where the one before it has more.
.macro vector number
  .org vectors + 128 * \number
.endm

.macro unexpected number
  vector \number
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
  vector 4
  msr tpidrro_el0, x0
  mrs x0, elr_el1
  b kernel_exception
  unexpected 5
  unexpected 6
  unexpected 7

  // A task: system calls and faults. `call` is told from all else by one comparison, `replyReceive` by the next.
  vector 8
  stp x8, x9, [sp, #THREAD_LABEL]
  str x10, [sp, #THREAD_TRANSFER]
  mrs x9, esr_el1
  mov w8, #0x56000000           // SVC from AArch64, immediate 0. D17.2.37
  subs w8, w9, w8
  b.ne no_call
  cbnz w10, pass                // a handle goes along
  save_kept
  b kernelQuickCall

  // A task: interrupts.
  vector 9
  stp x8, x9, [sp, #THREAD_LABEL]
  str x10, [sp, #THREAD_TRANSFER]
  save_words
  save_scratch
  save_kept
  b kernelQuickInterrupt

  unexpected 10
  unexpected 11
  unexpected 12
  unexpected 13
  unexpected 14
  unexpected 15

  .balign 64
pass:
  save_kept
  b kernelQuickPass

  // w8 is a system call's number from 1 on; or none at all, and x9 ESR_EL1.
  .balign 64
no_call:
  cmp w8, #1
  b.ne other
  cbnz w10, system_call
  save_kept
  b kernelQuickReplyReceive

other:
  cmp w8, #((quick_calls_end - quick_calls) / 4)
  b.hs 1f
  adr x9, quick_calls
  add x9, x9, x8, lsl #2
  br x9
1:
  cmp w8, #0x10000              // ESR_EL1.ISS of an SVC: 16 bits
  b.lo system_call
  lsr w8, w9, #26               // ESR_EL1.EC
  cmp w8, #7                    // use of FP/SIMD
  b.eq fp_pass_on
  save_words
  save_scratch
  save_kept
  mov x0, x9
  mrs x1, far_el1
  b kernelQuickFault

  // The registers pass from their owner to the thread that uses them now. Where nobody owns them the general path does
  // it: kernel/core/Fault.swift. The kernel itself may use them while CPACR_EL1 traps tasks.
  .arch_extension fp
  .arch_extension simd
  .balign 64
fp_pass_on:
  mrs x8, tpidr_el1
  ldr x9, [x8, #PROCESSOR_FP_OWNER]
  cbz x9, 1f
  all_fp stp, x9
  mrs x8, fpcr
  mrs x10, fpsr
  str x8, [x9, #(THREAD_FP + 512)]
  str x10, [x9, #(THREAD_FP + 520)]
  mov x10, #FP_TRAPPED
  str x10, [x9, #THREAD_FP_ACCESS]
  all_fp ldp, sp
  ldr x8, [sp, #(THREAD_FP + 512)]
  ldr x10, [sp, #(THREAD_FP + 520)]
  msr fpcr, x8
  msr fpsr, x10
  mov x10, #FP_ALLOWED
  str x10, [sp, #THREAD_FP_ACCESS]
  msr cpacr_el1, x10            // the exception return synchronises
  mrs x8, tpidr_el1
  mov x9, sp
  str x9, [x8, #PROCESSOR_FP_OWNER]
  ldp x8, x9, [sp, #THREAD_LABEL]
  ldr x10, [sp, #THREAD_TRANSFER]
  eret
  dsb nsh
  isb
1:
  save_words
  save_scratch
  save_kept
  mrs x0, esr_el1
  mrs x1, far_el1
  b general_fault

// By the number of the system call, kernel/abi/Operation.swift: all others, of which some have a quick form. The
// first two never come here.
quick_calls:
  .rept 6
  b system_call
  .endr
  b kernelQuickSignal           // 6
  b wait                        // 7
  b yield                       // 8
  b system_call
  b kernelQuickDrop             // 10
  .rept 3
  b system_call
  .endr
  b region                      // 14
  b map                         // 15
  b unmap                       // 16
  b system_call
  b kernelQuickInspect          // 18
  .rept 6
  b system_call
  .endr
  mov x0, xzr                   // 25: null
quick_calls_end:
  mov x1, xzr
  mov x2, xzr
  mov x8, xzr
  mov x9, xzr
  mov x10, xzr
  eret
  dsb nsh
  isb

  .balign 64
yield:
  stp xzr, xzr, [sp, #X0]
  stp xzr, x3, [sp, #(X0 + 16)]
  stp x4, x5, [sp, #(X0 + 32)]
  stp x6, x7, [sp, #(X0 + 48)]
  str xzr, [sp, #THREAD_LABEL]
  save_kept
  b kernelQuickYield

  .balign 64
map:
  save_words
  b kernelQuickMap
unmap:
  save_words
  b kernelQuickUnmap
region:
  save_words
  b kernelQuickRegion

  .balign 64
wait:
  save_words
  save_kept
  b kernelQuickWait

// Not plain after all; nothing was written. x0–x7 and x19–x30 are as they came: the quick functions keep them.
  .globl general_call
general_call:
  mov w8, #0
  b system_call
  .globl general_reply_receive
general_reply_receive:
  mov w8, #1
  b system_call
  .globl general_signal
general_signal:
  save_words
  save_kept
  b kernelQuickWake
  .globl general_wake
general_wake:
  mov w0, #6
  enter_kernel x1
  bl kernelSystemCall
  b kernel_exit
  .globl general_wait
general_wait:
  mov w8, #7
  b system_call
  .globl general_yield
general_yield:
  mov w8, #8
  b system_call
  .globl general_fault
general_fault:
  enter_kernel x2
  bl kernelFault
  b kernel_exit

  .globl general_drop
general_drop:
  mov w8, #10
  b system_call
  .globl general_inspect
general_inspect:
  mov w8, #18
  b system_call
  .globl general_region
general_region:
  mov w8, #14
  b system_call_saved
  .globl general_map
general_map:
  mov w8, #15
  b system_call_saved
  .globl general_unmap
general_unmap:
  mov w8, #16
  b system_call_saved
  .globl general_interrupt
general_interrupt:
  enter_kernel x1
  bl kernelInterrupt
  b kernel_exit

  // w8: the operation.
  .balign 64
system_call:
  save_words
system_call_saved:
  save_kept
  mov w0, w8
  enter_kernel x1
  bl kernelSystemCall

// Resumes the thread whose block x0 points at. Every register is loaded from it: nothing that another
// thread left comes along.
  .globl kernel_exit
kernel_exit:
  ldp x1, x2, [x0, #THREAD_STACK]
  ldp x3, x4, [x0, #THREAD_STATUS]
  msr sp_el0, x1
  msr elr_el1, x2
  msr spsr_el1, x3
  msr tpidr_el0, x4
  mov sp, x0
  ldp x8, x9, [x0, #THREAD_LABEL]
  ldr x10, [x0, #THREAD_TRANSFER]
  ldp x2, x3, [x0, #(X0 + 16)]
  ldp x4, x5, [x0, #(X0 + 32)]
  ldp x6, x7, [x0, #(X0 + 48)]
  ldp x11, x12, [x0, #X11]
  ldp x13, x14, [x0, #(X11 + 16)]
  ldp x15, x16, [x0, #(X11 + 32)]
  ldp x17, x18, [x0, #(X11 + 48)]
  ldp x19, x20, [x0, #X19]
  ldp x21, x22, [x0, #(X19 + 16)]
  ldp x23, x24, [x0, #(X19 + 32)]
  ldp x25, x26, [x0, #(X19 + 48)]
  ldp x27, x28, [x0, #(X19 + 64)]
  ldp x29, x30, [x0, #(X19 + 80)]
  ldp x0, x1, [x0, #X0]
  eret
  dsb nsh                       // no speculation past the return
  isb

// The end of a quick call that switches to nobody: what the kernel left in x8–x18 goes.
  .balign 64
  .globl quick_return_three
quick_return_three:
  ldr x3, [sp, #(X0 + 24)]
  ldp x4, x5, [sp, #(X0 + 32)]
  .globl quick_return_six
quick_return_six:
  ldp x6, x7, [sp, #(X0 + 48)]
  .globl quick_return
quick_return:
  mov x8, xzr
  mov x9, xzr
  mov x10, xzr
  mov x11, xzr
  mov x12, xzr
  mov x13, xzr
  mov x14, xzr
  mov x15, xzr
  mov x16, xzr
  mov x17, xzr
  mov x18, xzr
  eret
  dsb nsh
  isb
