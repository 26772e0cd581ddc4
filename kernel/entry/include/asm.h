// Constants of the entry code alone.
#pragma once

// SCTLR_EL1, Arm ARM D17.2.118. Bits that are one on Armv8.0: 29, 28, 23, 22, 20, 11.
#define SCTLR_OFF 0x30d00800
// and M, C, SA, SA0, I, DZE, UCT, nTWE, WXN, UCI.
#define SCTLR_ON (SCTLR_OFF | 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 18 | 1 << 19 | 1 << 26)

// TCR_EL1, D17.2.131: T0SZ and T1SZ 25 (39 bits), write-back and inner shareable walks, TG0 and TG1 4 KiB,
// TBI0 and TBI1. Entry adds IPS and AS.
#define TCR_HALF(shift) ((25 | 1 << 8 | 1 << 10 | 3 << 12) << (shift))
#define TCR_BOOT (TCR_HALF(0) | TCR_HALF(16) | 2 << 30 | 1 << 37 | 1 << 38)

// MAIR_EL1: `MemoryKind.attributes`.
#define MAIR_BOOT 0xff0400

// CPACR_EL1: `FloatingPointAccess`.
#define FP_TRAPPED (1 << 20)
#define FP_ALLOWED (3 << 20)
