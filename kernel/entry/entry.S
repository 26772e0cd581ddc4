// From the loader to Swift: the arm64 Image header, the way down to EL1, early code with the MMU off, the
// MMU on, the upper half. Arm ARM; Linux Documentation/arm64/booting.rst for the header and the state at entry.
#include "entry.h"
#include "asm.h"

  .section .head, "ax"
  .globl _start
_start:
  b enter
  .long 0
  .quad 0x200000                // text_offset: the ledger's block lies before the image
  .quad image_bytes             // what must be free, counted from here
  .quad 2                       // little endian, 4 KiB pages, near the start of RAM
  .quad 0, 0, 0
  .ascii "ARM\x64"
  .long 0

  .section .text.entry, "ax"
enter:
  msr daifset, #15
  mov x19, x0                   // the device tree
  mrs x20, CurrentEL
  lsr x20, x20, #2              // the level of entry: 1, 2 or 3
  adrp x0, stack_top            // a refusal needs a stack, and a place to end where HLT is undefined
  add x0, x0, :lo12:stack_top
  mov sp, x0
  adrp x1, asleep
  add x1, x1, :lo12:asleep
  cmp x20, #2
  b.hi 1f
  b.eq 2f
  msr vbar_el1, x1
  b 3f
1:
  msr vbar_el3, x1
  b 3f
2:
  msr vbar_el2, x1
3:
  isb
  cmp x20, #3
  mov x0, #REFUSED_LEVEL
  b.eq boot_refused
  adr x1, _start
  ldr x2, =_start - DIRECT_MAP
  cmp x1, x2
  mov x0, #REFUSED_ADDRESS
  b.ne boot_refused
  cmp x20, #2
  b.ne at_el1

  // EL2 only passes through: nothing traps to it, and it keeps its own registers. D17.2.48 and others.
  mov x0, #(1 << 31)            // HCR_EL2.RW: EL1 is AArch64
  msr hcr_el2, x0
  ldr x0, =SCTLR_OFF
  msr sctlr_el1, x0
  mov x0, #3                    // CNTHCTL_EL2: EL1 reads the physical counter and timer
  msr cnthctl_el2, x0
  msr cntvoff_el2, xzr
  mov x0, #0x33ff               // CPTR_EL2: FP/SIMD does not trap
  msr cptr_el2, x0
  msr hstr_el2, xzr
  msr vttbr_el2, xzr
  mrs x0, midr_el1
  msr vpidr_el2, x0
  mrs x0, mpidr_el1
  msr vmpidr_el2, x0
  mrs x0, id_aa64dfr0_el1
  ubfx x0, x0, #8, #4           // PMUVer: 0 none, 15 not ours
  sub x1, x0, #1
  cmp x1, #14
  b.hs 1f
  mrs x0, pmcr_el0
  ubfx x0, x0, #11, #5
  msr mdcr_el2, x0              // MDCR_EL2.HPMN: all counters are EL1's
1:
  mrs x0, id_aa64pfr0_el1
  ubfx x0, x0, #24, #4          // GIC: the CPU interface has system registers
  cbz x0, 2f
  mrs x0, S3_4_C12_C9_5         // ICC_SRE_EL2: SRE and Enable
  mov x1, #9
  orr x0, x0, x1
  msr S3_4_C12_C9_5, x0
  isb
  msr S3_4_C12_C11_0, xzr       // ICH_HCR_EL2: no virtual interrupts
2:
  mov x0, #0x3c5                // EL1h, all masked
  msr spsr_el2, x0
  adr x0, at_el1
  msr elr_el2, x0
  eret

at_el1:
  ldr x0, =SCTLR_OFF
  msr sctlr_el1, x0
  msr spsel, #1
  adrp x0, vectors
  add x0, x0, :lo12:vectors
  msr vbar_el1, x0
  mov x0, #(1 << 20)            // CPACR_EL1.FPEN: EL0 traps
  msr cpacr_el1, x0
  msr mdscr_el1, xzr
  mov x0, #2                    // CNTKCTL_EL1.EL0VCTEN: tasks read the counter, the kernel owns the timer
  msr cntkctl_el1, x0
  msr cntv_ctl_el0, xzr
  isb

  // Counter 0 counts instructions, counter 1 those of EL1; tasks may read them. Arm ARM D11.
  mrs x0, id_aa64dfr0_el1
  ubfx x0, x0, #8, #4
  sub x1, x0, #1
  cmp x1, #14
  b.hs 1f
  mov x0, #8                    // INST_RETIRED
  msr pmevtyper0_el0, x0
  movk x0, #0x4000, lsl #16     // U: not at EL0
  msr pmevtyper1_el0, x0
  mov x0, #3
  movk x0, #0x8000, lsl #16
  msr pmcntenset_el0, x0
  mov x0, #0x47                 // LC, C, P, E
  msr pmcr_el0, x0
  mov x0, #0xc                  // PMUSERENR_EL0.ER and CR: read, not write
  msr pmuserenr_el0, x0
  isb
1:

  // What early code writes, with the MMU off: the stack, .bss and the pool. Nothing else is cleared here.
  adrp x0, bss_start
  add x0, x0, :lo12:bss_start
  adrp x1, pool_end
  add x1, x1, :lo12:pool_end
1:
  .rept 8                       // up to the log ring, which is cleared later
  stp xzr, xzr, [x0], #16
  .endr
  cmp x0, x1
  b.lo 1b

  adrp x0, stack_top
  add x0, x0, :lo12:stack_top
  mov sp, x0
  mov x29, xzr
  mov x30, xzr
  mov x0, x19
  mov x1, x20
  bl kernelEarly                // returns the root table

  // Stores made with the MMU off went past the caches: no line may be there that says otherwise. Of the stack nothing is
  // read again.
  adrp x1, stack_top
  adrp x2, pool_end
  add x2, x2, :lo12:pool_end
  mrs x3, ctr_el0
  ubfx x3, x3, #16, #4          // DminLine: words, as a power of two
  mov x4, #4
  lsl x3, x4, x3
  dmb sy
1:
  dc ivac, x1                   // four at a time; the few lines behind the pool hold nothing yet
  add x1, x1, x3
  dc ivac, x1
  add x1, x1, x3
  dc ivac, x1
  add x1, x1, x3
  dc ivac, x1
  add x1, x1, x3
  cmp x1, x2
  b.lo 1b
  dsb sy

  ldr x1, =MAIR_BOOT
  msr mair_el1, x1
  msr ttbr0_el1, x0
  msr ttbr1_el1, x0
  ldr x1, =TCR_BOOT
  mrs x2, id_aa64mmfr0_el1
  and x3, x2, #15               // PARange, at most 48 bits
  mov x4, #5
  cmp x3, x4
  csel x3, x3, x4, lo
  bfi x1, x3, #32, #3           // IPS
  ubfx x3, x2, #5, #1           // ASIDBits is 0 or 2
  bfi x1, x3, #36, #1           // AS
  msr tcr_el1, x1
  isb
  tlbi vmalle1
  ic iallu
  dsb nsh
  isb
  ldr x2, =SCTLR_ON
  msr sctlr_el1, x2
  isb
  ldr x2, =upper
  br x2

upper:
  orr x1, x1, #(1 << 7)         // TCR_EL1.EPD0: the identity map is not walked any more
  msr tcr_el1, x1
  isb
  tlbi vmalle1                  // its entries are global
  dsb nsh
  isb
  adrp x0, vectors
  add x0, x0, :lo12:vectors
  msr vbar_el1, x0
  adrp x0, processor
  add x0, x0, :lo12:processor
  msr tpidr_el1, x0
  ldr x0, [x0, #PROCESSOR_STACK]
  mov sp, x0
  msr tpidr_el0, xzr
  msr tpidrro_el0, xzr
  isb
  bl kernelMain                 // returns the first thread
  b kernel_exit

// Refused, and no UART is known: the code stays in x0. A debugger that stops here, or the emulator's status,
// tells it: see REFUSED_* in asm.h and docs/boot.md.
  .globl boot_refused
boot_refused:
  mov x21, x0
  bl semihosting_exit
  mov x0, x21
1:
  wfi
  b 1b

  // The vectors until those of vectors.S can be: they know EL1 alone, and an image at its own address. Of this
  // table only the one that HLT takes is there.
  .section .text.asleep, "ax"
  .balign 2048
asleep:
  .space 0x200
  mov x0, x21
1:
  wfi
  b 1b

  .section .data.processor, "aw"
  .balign 64
processor:
  .quad stack_top
  .quad 0                       // nobody's FP/SIMD registers

  .section .store, "aw", %nobits
  .balign 4096
  .globl kernel_store
kernel_store:
  .space STORE_BYTES

  .section .pool, "aw", %nobits
  .balign 4096
  .space POOL_TABLES * 4096
