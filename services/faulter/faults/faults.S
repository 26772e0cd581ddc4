#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)

    .text
    .global fault_read
fault_read:
    ldr x0, [x0]
    ret

    .global fault_write
fault_write:
    str xzr, [x0]
    ret

    .global fault_execute
fault_execute:
    br x0

    .global fault_code
fault_code:
    adr x0, fault_read
    ret

    .global fault_data
fault_data:
    adrp x0, fault_word
    add x0, x0, :lo12:fault_word
    ret

    .data
    .balign 8
fault_word:
    .quad 0xd65f03c0            // `ret`, were it ever executed.

#endif
