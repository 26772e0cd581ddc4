#pragma once

#include <stdint.h>

// One instruction each that a test can name: the report of the fault must point at these symbols.

/// Loads from an address.
uint64_t fault_read(uint64_t address);
/// Stores to an address.
void fault_write(uint64_t address);
/// Branches to an address; the fault is at that address itself.
void fault_execute(uint64_t address);
/// The address of `fault_read`: code.
uint64_t fault_code(void);
/// The address of a word of data.
uint64_t fault_data(void);
