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

#endif
