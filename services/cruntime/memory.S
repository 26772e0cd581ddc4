// What the compiler expects of a C library: memset, memcpy, memmove. No FP registers, no unaligned access.
#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)

    .macro function name
    .section .text.\name, "ax"
    .global \name
    .type \name, %function
\name:
    .endm

// memset(x0 destination, w1 byte, x2 count)
function memset
    mov x3, x0
    and x1, x1, #0xff
    mov x4, #0x0101010101010101
    mul x1, x1, x4
1:  tst x3, #7                  // Bytes up to the first aligned word.
    b.eq 2f
    cbz x2, 9f
    strb w1, [x3], #1
    sub x2, x2, #1
    b 1b
2:  subs x2, x2, #16
    b.lo 3f
    stp x1, x1, [x3], #16
    b 2b
3:  add x2, x2, #16
    tbz x2, #3, 4f
    str x1, [x3], #8
    sub x2, x2, #8
4:  cbz x2, 9f
    strb w1, [x3], #1
    sub x2, x2, #1
    b 4b
9:  ret

// memcpy(x0 destination, x1 source, x2 count)
function memcpy
    mov x3, x0
    eor x4, x0, x1
    tst x4, #7                  // Words only where both can be aligned at once.
    b.ne 4f
1:  tst x3, #7
    b.eq 2f
    cbz x2, 9f
    ldrb w5, [x1], #1
    strb w5, [x3], #1
    sub x2, x2, #1
    b 1b
2:  subs x2, x2, #16
    b.lo 3f
    ldp x5, x6, [x1], #16
    stp x5, x6, [x3], #16
    b 2b
3:  add x2, x2, #16
    tbz x2, #3, 4f
    ldr x5, [x1], #8
    str x5, [x3], #8
    sub x2, x2, #8
4:  cbz x2, 9f
    ldrb w5, [x1], #1
    strb w5, [x3], #1
    sub x2, x2, #1
    b 4b
9:  ret

// memmove(x0 destination, x1 source, x2 count)
function memmove
    sub x3, x0, x1
    cmp x3, x2                  // Unsigned: a destination below the source is far away.
    b.hs memcpy
    add x3, x0, x2
    add x1, x1, x2
1:  cbz x2, 9f
    ldrb w5, [x1, #-1]!
    strb w5, [x3, #-1]!
    sub x2, x2, #1
    b 1b
9:  ret

#endif
