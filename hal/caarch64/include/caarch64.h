// The instructions that Swift has no words for, each one inlined to itself. On the host the same names are
// fakes that do nothing, so that everything above compiles and links there.
#pragma once
#include <stdint.h>

#if defined(__aarch64__) && !defined(__linux__) && !defined(__APPLE__)
#define CAARCH64_REAL 1
#else
#define CAARCH64_REAL 0
#endif

#define CAARCH64_INLINE static inline __attribute__((always_inline))
// A routine with a name of its own in the image, for the check that no other touches the FP/SIMD registers.
#define CAARCH64_ROUTINE static __attribute__((noinline, unused))

#include "caarch64_registers.h"
#include "caarch64_memory.h"
#include "caarch64_power.h"
