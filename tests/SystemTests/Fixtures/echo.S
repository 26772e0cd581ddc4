// A guest of fifty instructions, to test the runner without a kernel: prints "name? ", reads a line, prints it back,
// and leaves by a semihosting exit whose code is the number of its letters, or, for an empty line, by PSCI.
  .text
  .global _start
_start:
  b 1f
  .long 0
  .quad 0x80000, 0x1000, 0xa, 0, 0, 0
  .ascii "ARM\x64"
  .long 0
1: mov x19, #0x09000000
  adr x0, question
  bl print
  adr x20, line
2: ldr w0, [x19, #0x18]
  tbnz w0, #4, 2b
  ldr w0, [x19]
  cmp w0, #'\n'
  b.eq answer
  strb w0, [x20], #1
  b 2b
answer:
  strb wzr, [x20]
  adr x0, hello
  bl print
  adr x0, line
  bl print
  adr x0, line
  subs x1, x20, x0
  b.eq off
  ldr x0, =0x20026
  adr x2, leave
  stp x0, x1, [x2]
  mov w0, #0x18
  mov x1, x2
  hlt #0xf000
off:
  ldr w0, =0x84000008
  hvc #0
print:
  ldrb w1, [x0], #1
  cbz w1, 4f
  str w1, [x19]
  b print
4: ret
  .ltorg
question: .asciz "name? "
hello: .asciz "hello "
  .balign 16
leave: .quad 0, 0
line: .space 256
