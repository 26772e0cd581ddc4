// The part of QEMU's plugin interface, version 1 (QEMU 4.2 to 8.2), that trace.c uses. Debian's packages of QEMU 7.2
// load plugins but bring no header; the functions are documented in QEMU's docs/devel/tcg-plugins.rst.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/// What a callback does with the guest's registers; no more can be said in this version.
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_CB_RW_REGS };

/// A block was translated; it is executed later, perhaps often.
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);

/// Called before each execution of the instruction.
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *instruction, void (*callback)(unsigned cpu, void *data), enum qemu_plugin_cb_flags flags,
    void *data);
/// The guest's virtual address.
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
/// Where the guest's RAM that holds it lies in QEMU's memory.
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *instruction);
/// To be freed by the caller.
char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *instruction);
