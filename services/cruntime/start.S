// Where a task's first thread begins: the kernel has set sp to the stack's top and x0 to the argument.
#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)

    .section .text.start, "ax"
    .global _start
    .type _start, %function
_start:
    mov x29, xzr                // A backtrace ends here.
    mov x30, xzr
    bl service_main             // Each service's Swift entry; it ends by Runtime.exit and does not return.
    brk #2
    .size _start, . - _start

// Where a further thread begins: sp is at the record that `thread_record` laid down. The thread ends with the handle that
// its task holds, so it returns by dropping that; where others hold one too, it traps.
    .global thread_begin
    .type thread_begin, %function
thread_begin:
    mov x29, xzr
    mov x30, xzr
    ldp x1, x0, [sp]
    ldr x19, [sp, #16]
    add sp, sp, #32
    blr x1
    mov x0, xzr                 // drop: x9 the slot, x0 the caller's own table.
    mov x9, x19
    mov x10, xzr
    svc #10
    brk #3
    .size thread_begin, . - thread_begin

#endif
