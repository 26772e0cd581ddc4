// memset, memcpy and memmove, which the compiler calls. No access is unaligned, so that they work with the
// MMU off; lengths are mostly small, and clearing a page is the one case that is worth DC ZVA.

  .section .text.memset, "ax"
  .globl memset
memset:
  mov x3, x0
  and x1, x1, #0xff
  mov x4, #0x0101010101010101
  mul x4, x1, x4
1:
  tst x3, #7                    // bytes up to a word
  b.eq 2f
  cbz x2, 9f
  strb w1, [x3], #1
  sub x2, x2, #1
  b 1b
2:
  cbnz x4, 5f
  cmp x2, #1024
  b.lo 5f
3:
  tst x3, #63                   // words up to a line
  b.eq 4f
  str xzr, [x3], #8
  sub x2, x2, #8
  b 3b
4:
  dc zva, x3
  add x3, x3, #64
  sub x2, x2, #64
  cmp x2, #64
  b.hs 4b
5:
  subs x2, x2, #32
  b.lo 7f
6:
  stp x4, x4, [x3], #16
  stp x4, x4, [x3], #16
  subs x2, x2, #32
  b.hs 6b
7:
  tbz x2, #4, 1f                // what is left: x2 is that minus 32
  stp x4, x4, [x3], #16
1:
  tbz x2, #3, 1f
  str x4, [x3], #8
1:
  ands x2, x2, #7
  b.eq 9f
8:
  strb w1, [x3], #1
  subs x2, x2, #1
  b.ne 8b
9:
  ret

  .section .text.memcpy, "ax"
  .globl memcpy
  .globl memmove
memmove:
  sub x3, x0, x1                // the destination starts inside the source: from the end
  cmp x3, x2
  b.lo backwards
memcpy:
  mov x3, x0
  orr x4, x0, x1
  tst x4, #7
  b.ne 3f
  subs x2, x2, #16
  b.lo 2f
1:
  ldp x4, x5, [x1], #16
  stp x4, x5, [x3], #16
  subs x2, x2, #16
  b.hs 1b
2:
  and x5, x2, #7                // what is left, without the last double word: x2 is that minus 16
  tbz x2, #3, 6f
  ldr x4, [x1], #8
  str x4, [x3], #8
  b 6f
3:
  mov x5, x2
  tst x4, #3
  b.ne 6f
  subs x5, x5, #4
  b.lo 5f
4:
  ldr w4, [x1], #4
  str w4, [x3], #4
  subs x5, x5, #4
  b.hs 4b
5:
  add x5, x5, #4
6:
  cbz x5, 8f
7:
  ldrb w4, [x1], #1
  strb w4, [x3], #1
  subs x5, x5, #1
  b.ne 7b
8:
  ret
backwards:
  cbz x2, 8b
  add x3, x0, x2
  add x1, x1, x2
  orr x4, x3, x1
  orr x4, x4, x2
  tst x4, #7
  b.ne 6f
5:
  ldr x4, [x1, #-8]!
  str x4, [x3, #-8]!
  subs x2, x2, #8
  b.ne 5b
  ret
6:
  ldrb w4, [x1, #-1]!
  strb w4, [x3, #-1]!
  subs x2, x2, #1
  b.ne 6b
  ret
