#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)

    .arch_extension fp
    .arch_extension simd
    .text
    // \x0 <- the secret of register \number.
    .macro secret target, number
    movz \target, #0x5ec2, lsl #48
    movk \target, #0xe700, lsl #32
    movk \target, #\number
    .endm

    // x0 gets bit \bit if the upper half of \source is a secret's.
    .macro look source, bit
    lsr x9, \source, #32
    cmp x9, x10
    cset x9, eq
    orr x0, x0, x9, lsl #\bit
    .endm

    .macro look_at_vector n
    umov x8, v\n\().d[0]
    look x8, (32 + \n)
    umov x8, v\n\().d[1]
    look x8, (32 + \n)
    .endm

    .macro look_at_vectors
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    look_at_vector \n
    .endr
    .endm

    .macro fill_vector n
    secret x9, (32 + \n)
    dup v\n\().2d, x9
    .endm

    .macro fill_vectors
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fill_vector \n
    .endr
    .endm

    .global registers_after_call
registers_after_call:
    mov x9, x0
    mov x8, xzr
    mov x10, xzr
    .irp n, 11,12,13,14,15,16,17,18
    mov x\n, xzr
    .endr
    svc #0
    mov x0, xzr
    movz x10, #0x5ec2, lsl #16
    movk x10, #0xe700
    .irp n, 11,12,13,14,15,16,17,18
    look x\n, \n
    .endr
    look_at_vectors
    ret

    .global registers_with_secret
registers_with_secret:
    mov x0, xzr
    movz x10, #0x5ec2, lsl #16
    movk x10, #0xe700
    look_at_vectors
    ret

    .global registers_kept_until
registers_kept_until:
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
    mov x\n, #(0x100 + \n)
    .endr
    mov x18, xzr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    movi v\n\().16b, #(0x40 + \n)
    .endr
    // x18 alone is worked with: x0 holds the time, the others wait.
1:  mrs x18, cntvct_el0
    cmp x18, x0
    b.lo 1b
    mov x0, xzr
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
    cmp x\n, #(0x100 + \n)
    cset x18, ne
    orr x0, x0, x18, lsl #\n
    .endr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    umov x9, v\n\().d[0]
    umov x10, v\n\().d[1]
    mov x11, #(0x4040 + \n * 0x101)
    orr x11, x11, x11, lsl #16
    orr x11, x11, x11, lsl #32
    cmp x9, x11
    ccmp x10, x11, #0, eq
    cset x18, ne
    orr x0, x0, x18, lsl #(32 + \n)
    .endr
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret

    .global registers_serve
registers_serve:
    mov x19, x0
    mov x0, xzr
    mov x9, x19
    mov x10, xzr
    svc #2
1:  fill_vectors
    .irp n, 11,12,13,14,15,16,17,18,20,21,22,23,24,25,26,27,28
    secret x\n, \n
    .endr
    .irp n, 0,1,2,3,4,5,6,7,8,10
    mov x\n, xzr
    .endr
    mov x9, x19
    svc #1
    b 1b

    .global registers_spin
registers_spin:
    fill_vectors
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    secret x\n, \n
    .endr
1:  b 1b

    .global registers_exchange
registers_exchange:
    ldr x8, [x0]
    str x1, [x0]
    mov x0, x8
    ret

    .global registers_descend
registers_descend:
    mov x1, sp
1:  cbz x0, 2f
    sub sp, sp, #4096
    str xzr, [sp]
    sub x0, x0, #1
    b 1b
2:  mov sp, x1
    ret

    .global registers_undefined_call
registers_undefined_call:
    mov x8, xzr
    svc #999
    mov x0, x8
    ret

#endif
