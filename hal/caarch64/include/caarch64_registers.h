// System registers. Names as in the Arm ARM, chapter D17; ICC_* as in the GIC architecture, chapter 12.2,
// by their encodings, which every assembler knows.
#pragma once

#if CAARCH64_REAL
#define CAARCH64_READ(name, reg) \
  CAARCH64_INLINE uint64_t name(void) { uint64_t v; __asm__ volatile("mrs %0, " reg : "=r"(v)); return v; }
#define CAARCH64_WRITE(name, reg) \
  CAARCH64_INLINE void name(uint64_t v) { __asm__ volatile("msr " reg ", %0" :: "r"(v) : "memory"); }
#else
#define CAARCH64_READ(name, reg) CAARCH64_INLINE uint64_t name(void) { return 0; }
#define CAARCH64_WRITE(name, reg) CAARCH64_INLINE void name(uint64_t v) { (void)v; }
#endif

// The exception taken last, and the processor.
CAARCH64_READ(cpu_fault_address, "far_el1")
CAARCH64_READ(cpu_syndrome, "esr_el1")
CAARCH64_READ(cpu_pending, "isr_el1")
CAARCH64_READ(cpu_model, "midr_el1")
CAARCH64_READ(cpu_memory_features, "id_aa64mmfr0_el1")
CAARCH64_READ(cpu_features, "id_aa64pfr0_el1")
CAARCH64_READ(cpu_zero_block, "dczid_el0")
CAARCH64_READ(cpu_cache_type, "ctr_el0")

// The second word of the processor's block: PROCESSOR_FP_OWNER of kernel/entry.
#if CAARCH64_REAL
CAARCH64_INLINE uint64_t *cpu_fp_owner_word(void) {
  uint64_t *block;
  __asm__("mrs %0, tpidr_el1" : "=r"(block));
  return block + 1;
}
CAARCH64_INLINE uint64_t cpu_fp_owner(void) { return *cpu_fp_owner_word(); }
CAARCH64_INLINE void cpu_set_fp_owner(uint64_t thread) { *cpu_fp_owner_word() = thread; }
#else
CAARCH64_INLINE uint64_t cpu_fp_owner(void) { return 0; }
CAARCH64_INLINE void cpu_set_fp_owner(uint64_t thread) { (void)thread; }
#endif

// Translation.
CAARCH64_READ(cpu_read_translation_control, "tcr_el1")
CAARCH64_WRITE(cpu_write_translation_control, "tcr_el1")
CAARCH64_WRITE(cpu_write_task_translation, "ttbr0_el1")
CAARCH64_READ(cpu_translation_result, "par_el1")

// The virtual counter and its timer.
CAARCH64_READ(cpu_counter, "cntvct_el0")
CAARCH64_READ(cpu_counter_frequency, "cntfrq_el0")
CAARCH64_WRITE(cpu_write_timer_compare, "cntv_cval_el0")
CAARCH64_WRITE(cpu_write_timer_control, "cntv_ctl_el0")
CAARCH64_WRITE(cpu_write_counter_access, "cntkctl_el1")

// FP/SIMD trap, and the counter of executed instructions.
CAARCH64_WRITE(cpu_write_fp_access, "cpacr_el1")
CAARCH64_READ(cpu_debug_features, "id_aa64dfr0_el1")
CAARCH64_READ(cpu_instructions, "pmevcntr0_el0")

// GICv3's CPU interface.
CAARCH64_READ(gic_read_sre, "S3_0_C12_C12_5")
CAARCH64_WRITE(gic_write_sre, "S3_0_C12_C12_5")
CAARCH64_WRITE(gic_write_priority_mask, "S3_0_C4_C6_0")
CAARCH64_WRITE(gic_write_binary_point, "S3_0_C12_C12_3")
CAARCH64_WRITE(gic_write_control, "S3_0_C12_C12_4")
CAARCH64_WRITE(gic_write_group1, "S3_0_C12_C12_7")
CAARCH64_READ(gic_acknowledge, "S3_0_C12_C12_0")
CAARCH64_WRITE(gic_end, "S3_0_C12_C12_1")
CAARCH64_WRITE(gic_deactivate, "S3_0_C12_C11_1")
