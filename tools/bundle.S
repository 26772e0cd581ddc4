// The bundle, as the kernel's read-only blocks carry it.
  .section .bundle, "a"
  .balign 4096
  .global __bundle_start, __bundle_end
  .hidden __bundle_start, __bundle_end
__bundle_start:
  .incbin "build/bundle.bin"
__bundle_end:
