// Barriers, maintenance of TLB and caches, frames, and loads and stores of device registers.
#pragma once

#if CAARCH64_REAL
#define CAARCH64_DO(name, text) CAARCH64_INLINE void name(void) { __asm__ volatile(text ::: "memory"); }
#define CAARCH64_ON(name, text) \
  CAARCH64_INLINE void name(uint64_t v) { __asm__ volatile(text :: "r"(v) : "memory"); }
#else
#define CAARCH64_DO(name, text) CAARCH64_INLINE void name(void) {}
#define CAARCH64_ON(name, text) CAARCH64_INLINE void name(uint64_t v) { (void)v; }
#endif

CAARCH64_DO(cpu_isb, "isb")
// Waits until all processors see what was stored, tables included.
CAARCH64_DO(cpu_dsb_stores, "dsb ishst")
CAARCH64_DO(cpu_dsb, "dsb ish")
CAARCH64_DO(cpu_dsb_system, "dsb sy")
CAARCH64_DO(cpu_wait_for_interrupt, "dsb sy\n\twfi")

// Identifier in bits 63:48, page in 43:0. Arm ARM D8.14.5.
CAARCH64_ON(tlb_forget_page, "tlbi vae1is, %0")
CAARCH64_ON(tlb_forget_identifier, "tlbi aside1is, %0")
CAARCH64_ON(tlb_forget_kernel_page, "tlbi vaae1is, %0")

// What a read of an address would do, into PAR_EL1: at EL1, and at EL0.
CAARCH64_ON(cpu_translate, "at s1e1r, %0")
CAARCH64_ON(cpu_translate_as_task, "at s1e0r, %0")

#if CAARCH64_REAL

// A pointer as it is: the compiler, which knows its low bits, would else build a new constant for each field behind it.
CAARCH64_INLINE uint64_t cpu_base(uint64_t address) {
  __asm__("" : "+r"(address));
  return address;
}

// Words in a row, each `step` more than the one before.
CAARCH64_INLINE void words_fill(uint64_t address, uint64_t count, uint64_t value, uint64_t step) {
  uint64_t *word = (uint64_t *)address;
  for (; count >= 8 && !step; count -= 8, word += 8) {
    for (int i = 0; i < 8; i++) word[i] = value;
  }
  for (; count >= 8; count -= 8, word += 8) {
    for (int i = 0; i < 8; i++, value += step) word[i] = value;
  }
  for (; count; count--, value += step) *word++ = value;
}

// How many words in a row are zero, at most `count`.
CAARCH64_INLINE uint64_t words_zero(uint64_t address, uint64_t count) {
  const uint64_t *words = (const uint64_t *)address;
  uint64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const uint64_t *w = words + i;
    if (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) break;
  }
  while (i < count && !words[i]) i++;
  return i;
}

#define CAARCH64_ZERO "dc zva, %0\n\tadd %0, %0, #64\n\t"
// Clears 4 KiB, 64 bytes at a time, eight in a row.
CAARCH64_INLINE void frame_clear(uint64_t address) {
  uint64_t end = address + 4096;
  __asm__ volatile(
      "1:\t" CAARCH64_ZERO CAARCH64_ZERO CAARCH64_ZERO CAARCH64_ZERO CAARCH64_ZERO CAARCH64_ZERO CAARCH64_ZERO
          CAARCH64_ZERO "cmp %0, %1\n\tb.ne 1b"
      : "+r"(address) : "r"(end) : "memory", "cc");
}

// Copies 4 KiB, 64 bytes a turn.
CAARCH64_INLINE void frame_copy(uint64_t from, uint64_t to) {
  uint64_t end = from + 4096, a, b, c, d, e, f, g, h;
  __asm__ volatile(
      "1:\tldp %3, %4, [%0]\n\tldp %5, %6, [%0, #16]\n\tldp %7, %8, [%0, #32]\n\tldp %9, %10, [%0, #48]\n\t"
      "stp %3, %4, [%1]\n\tstp %5, %6, [%1, #16]\n\tstp %7, %8, [%1, #32]\n\tstp %9, %10, [%1, #48]\n\t"
      "add %0, %0, #64\n\tadd %1, %1, #64\n\tcmp %0, %2\n\tb.ne 1b"
      : "+r"(from), "+r"(to), "+r"(end), "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d), "=&r"(e), "=&r"(f), "=&r"(g),
        "=&r"(h)
      :: "memory", "cc");
}

#define CAARCH64_LINE(operation) operation ", %0\n\tadd %0, %0, %1\n\t"
#define CAARCH64_LINES(operation, from, end, size) \
  __asm__ volatile( \
      "1:\t" CAARCH64_LINE(operation) CAARCH64_LINE(operation) CAARCH64_LINE(operation) CAARCH64_LINE(operation) \
          CAARCH64_LINE(operation) CAARCH64_LINE(operation) CAARCH64_LINE(operation) CAARCH64_LINE(operation) \
          "cmp %0, %2\n\tb.lo 1b" \
      : "+r"(from) : "r"(size), "r"(end) : "memory", "cc")
// Makes 4 KiB that were written visible to instruction fetch, eight lines in a row: a line has at most 512 bytes (Arm ARM
// B2.4.4). Line sizes from CTR_EL0.
CAARCH64_INLINE void frame_publish_code(uint64_t address) {
  uint64_t type = cpu_cache_type(), end = address + 4096, data = address, instructions = address;
  CAARCH64_LINES("dc cvau", data, end, 4ul << (type >> 16 & 15));
  cpu_dsb();
  CAARCH64_LINES("ic ivau", instructions, end, 4ul << (type & 15));
  cpu_dsb();
  cpu_isb();
}

CAARCH64_INLINE uint32_t mmio_read(uint64_t address) {
  uint32_t v;
  __asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(address) : "memory");
  return v;
}
CAARCH64_INLINE void mmio_write(uint64_t address, uint32_t v) {
  __asm__ volatile("str %w0, [%1]" :: "r"(v), "r"(address) : "memory");
}

#define CAARCH64_FP(op, a, b, at) op " q" #a ", q" #b ", [%0, #" #at "]\n\t"
#define CAARCH64_FP_ALL(op) \
  CAARCH64_FP(op, 0, 1, 0) CAARCH64_FP(op, 2, 3, 32) CAARCH64_FP(op, 4, 5, 64) CAARCH64_FP(op, 6, 7, 96) \
  CAARCH64_FP(op, 8, 9, 128) CAARCH64_FP(op, 10, 11, 160) CAARCH64_FP(op, 12, 13, 192) \
  CAARCH64_FP(op, 14, 15, 224) CAARCH64_FP(op, 16, 17, 256) CAARCH64_FP(op, 18, 19, 288) \
  CAARCH64_FP(op, 20, 21, 320) CAARCH64_FP(op, 22, 23, 352) CAARCH64_FP(op, 24, 25, 384) \
  CAARCH64_FP(op, 26, 27, 416) CAARCH64_FP(op, 28, 29, 448) CAARCH64_FP(op, 30, 31, 480)

// q0–q31, then FPCR and FPSR: 528 bytes.
CAARCH64_ROUTINE void fp_save(uint64_t address) {
  uint64_t control, status;
  __asm__ volatile(".arch_extension fp\n\t.arch_extension simd\n\t" CAARCH64_FP_ALL("stp")
                   "mrs %1, fpcr\n\tmrs %2, fpsr\n\tstr %1, [%0, #512]\n\tstr %2, [%0, #520]"
                   : "+r"(address), "=&r"(control), "=&r"(status) :: "memory");
}
CAARCH64_ROUTINE void fp_load(uint64_t address) {
  uint64_t control, status;
  __asm__ volatile(".arch_extension fp\n\t.arch_extension simd\n\t" CAARCH64_FP_ALL("ldp")
                   "ldr %1, [%0, #512]\n\tldr %2, [%0, #520]\n\tmsr fpcr, %1\n\tmsr fpsr, %2"
                   : "+r"(address), "=&r"(control), "=&r"(status) :: "memory");
}

#else

CAARCH64_INLINE uint64_t cpu_base(uint64_t address) { return address; }
CAARCH64_INLINE void words_fill(uint64_t address, uint64_t count, uint64_t value, uint64_t step) {
  (void)address; (void)count; (void)value; (void)step;
}
CAARCH64_INLINE uint64_t words_zero(uint64_t address, uint64_t count) { (void)address; return count; }
CAARCH64_INLINE void frame_clear(uint64_t address) { (void)address; }
CAARCH64_INLINE void frame_copy(uint64_t from, uint64_t to) { (void)from; (void)to; }
CAARCH64_INLINE void frame_publish_code(uint64_t address) { (void)address; }
CAARCH64_INLINE uint32_t mmio_read(uint64_t address) { (void)address; return 0; }
CAARCH64_INLINE void mmio_write(uint64_t address, uint32_t v) { (void)address; (void)v; }
CAARCH64_INLINE void fp_save(uint64_t address) { (void)address; }
CAARCH64_INLINE void fp_load(uint64_t address) { (void)address; }

#endif
