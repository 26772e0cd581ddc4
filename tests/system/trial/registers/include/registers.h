#pragma once

#include <stdint.h>

// Registers as no compiler lets one hold them. A secret has 0x5ec2e700 in its upper half; in the masks bits 18:0 are
// x0–x18 and bits 63:32 v0–v31.

/// Calls the endpoint in a slot and tells which of x11–x18 and v0–v31 hold a secret afterwards.
uint64_t registers_after_call(uint64_t slot);
/// Tells which of v0–v31 hold a secret.
uint64_t registers_with_secret(void);
/// Holds values of its own in x1–x17 and v0–v31 until the counter reaches a time; tells which have changed.
uint64_t registers_kept_until(uint64_t time);
/// Fills all registers with secrets and answers each call on the endpoint in a slot, for ever.
void registers_serve(uint64_t slot) __attribute__((noreturn));
/// Fills all registers with secrets and spins, for ever.
void registers_spin(void) __attribute__((noreturn));
/// A kernel call that does not exist; the label that it comes back with.
uint64_t registers_undefined_call(void);
/// Takes that many pages of stack, writes to each, and gives them back.
void registers_descend(uint64_t pages);
/// Stores a word at an address; what was there before.
uint64_t registers_exchange(uint64_t address, uint64_t word);
