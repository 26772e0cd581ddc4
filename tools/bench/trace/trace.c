// A TCG plugin: what a guest executes between two reads of its instruction counters.
//
// The bench reads pmevcntr0_el0 and pmevcntr1_el0 around each operation anyway; these reads are the marks, so the guest
// needs no others and is the same with the plugin and without. Lines go to standard output, where the serial line goes
// too, and so lie between the guest's own:
//
//     trace read NUMBER COUNTER INSTRUCTIONS AT_EL1 BARRIERS REGISTERS    at each read; what was executed until then
//     trace enter AT_EL1 BARRIERS REGISTERS                               before the first instruction at EL0
//     trace masked INSTRUCTIONS                                           the longest step so far
//     trace at COUNT ADDRESS PAGE OPCODE FIRST DISASSEMBLY                from read `from` to read `to`, or in the
//     trace end                                                           first step of `step` instructions
//     trace stage                                                         ends the list of what was counted since the
//                                                                         last one; at each address of `stage`
//
// FIRST is what had been executed when the instruction was first. `stage` is given once for each address; what lies there
// is counted in the list that begins with it.
// `from=0` is the machine's first instruction, `to=0` the first at EL0. A step is a run of instructions at EL1 with
// interrupts masked, after boot: from the vector to the eret, or to where the kernel looks whether one waits (isr_el1),
// because it stops there if so. Barriers are dsb, dmb, isb and tlbi; registers mrs and msr, both at EL1 alone.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { plain, barrier, waits, system_register, counter_read, ends_step };

// One instruction, as often as it was translated.
struct instruction {
  struct instruction *next;
  uint64_t address;
  uint64_t page;
  uint64_t count;
  uint64_t first;  // How many came before it was first counted.
  uint64_t step;   // In which it was counted, if steps are.
  uint32_t opcode;
  uint8_t kind;
  bool begins_stage;
  char *text;
};

static struct instruction *all;
static bool lists, counts, entered;
static uint64_t from, to, reads, wanted_step, steps;
static uint64_t stages[64];
static unsigned stage_count;
static uint64_t whole, kernel, barriers, registers, run, longest;

static uint8_t kind_of(uint32_t opcode) {
  if ((opcode & 0xfffff01f) == 0xd503301f && (opcode >> 5 & 7) >= 4 && (opcode >> 5 & 7) <= 6) return barrier;
  if ((opcode & 0xfff8f000) == 0xd5088000) return barrier;        // tlbi
  if ((opcode & 0xffffffc0) == 0xd53be800) return counter_read;   // mrs Xt, pmevcntr0_el0 or pmevcntr1_el0
  if ((opcode & 0xffffffe0) == 0xd538c100) return ends_step;      // mrs Xt, isr_el1
  if ((opcode & 0xfffff0ff) == 0xd50340ff) return ends_step;      // msr daifclr, #n
  if (opcode == 0xd503207f) return waits;                         // wfi: the kernel does not work meanwhile
  if ((opcode & 0xffd00000) == 0xd5100000) return system_register;  // mrs, msr
  if ((opcode & 0xfff8f01f) == 0xd500401f) return system_register;  // msr immediate
  return plain;
}

// Writes a line. QEMU has made standard output non-blocking, so a full pipe is to be waited for.
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
  char line[256];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (length >= (int)sizeof line) abort();
  for (int at = 0; at < length;) {
    ssize_t written = write(STDOUT_FILENO, line + at, (size_t)(length - at));
    if (written > 0) {
      at += (int)written;
    } else if (errno == EAGAIN) {
      poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
    } else if (errno != EINTR) {
      abort();
    }
  }
}

static void list(const char *end) {
  for (struct instruction *at = all; at; at = at->next) {
    if (!at->count || at->step != (wanted_step ? steps : 0)) continue;
    say("trace at %" PRIu64 " %" PRIx64 " %" PRIx64 " %" PRIx32 " %" PRIu64 " %s\n", at->count, at->address, at->page,
        at->opcode, at->first, at->text ? at->text : "");
    if (!wanted_step) at->count = 0;
  }
  say("trace %s\n", end);
}

static void mark(uint64_t number) {
  if (!lists || wanted_step) return;
  if (counts && number == to) {
    counts = false;
    lists = false;
    list("end");
  } else if (number == from) {
    counts = true;
  }
}

static void count_read(struct instruction *at) {
  reads++;
  say("trace read %" PRIu64 " %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", reads, at->opcode >> 5 & 1,
      whole, kernel, barriers, registers);
  mark(reads);
}

static void end_step(void) {
  if (entered && run > longest) {
    longest = run;
    say("trace masked %" PRIu64 "\n", longest);
  }
  if (entered && lists && run == wanted_step) {
    list("end");
    lists = false;
  }
  steps++;
  run = 0;
}

// An instruction that faults is not retired, and comes again: the vector of what is synchronous and comes from EL0
// lies 0x400 behind the table's begin. Arm ARM D1.3.1. Of an svc's the return is behind it.
static void take_back(struct instruction *last, uint64_t vector) {
  if (!last || (vector & 0x7ff) != 0x400 || (last->opcode & 0xffe0001f) == 0xd4000001) return;
  whole--;
  if (counts) last->count--;
}

static void executed(unsigned cpu, void *data) {
  struct instruction *at = data;
  (void)cpu;
  bool at_el1 = at->address >> 63;
  if (!entered) {
    // Below the kernel's half before the first of them: the kernel's entry, MMU off. After it: EL0.
    static bool high;
    high |= at_el1;
    if (!high) {
      at_el1 = true;
    } else if (!at_el1) {
      entered = true;
      say("trace enter %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", kernel, barriers, registers);
          mark(0);
      run = 0;
    }
  }
  if (!at_el1 && at->kind == counter_read) count_read(at);
  whole++;
  if (wanted_step && at->step != steps) {
    at->step = steps;
    at->count = 0;
  }
  if (counts && at->begins_stage) list("stage");
  if ((counts || wanted_step) && !at->count++) at->first = whole;
  static struct instruction *last;  // At EL0, if it was the last at all.
  if (!at_el1) {
    last = at;
    if (run) end_step();
    return;
  }
  take_back(last, at->address);
  last = NULL;
  kernel++;
  run++;
  if (at->kind == barrier) barriers++;
  if (at->kind >= system_register) registers++;
  if (at->kind == ends_step || at->kind == waits) end_step();
}

static struct instruction *record(struct qemu_plugin_insn *instruction) {
  struct instruction *at = calloc(1, sizeof *at);
  if (!at) abort();
  void *host = qemu_plugin_insn_haddr(instruction);
  at->address = qemu_plugin_insn_vaddr(instruction);
  at->page = (uint64_t)(uintptr_t)host >> 12;
  if (host) memcpy(&at->opcode, host, sizeof at->opcode);
  at->kind = kind_of(at->opcode);
  for (unsigned index = 0; index < stage_count; index++) at->begins_stage |= at->address == stages[index];
  if (lists) at->text = qemu_plugin_insn_disas(instruction);
  at->next = all;
  all = at;
  return at;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t index = 0; index < qemu_plugin_tb_n_insns(block); index++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, index);
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, executed, QEMU_PLUGIN_CB_NO_REGS, record(instruction));
  }
}

__attribute__((visibility("default")))
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv) {
  (void)info;
  for (int index = 0; index < argc; index++) {
    if (!strncmp(argv[index], "from=", 5)) from = strtoull(argv[index] + 5, NULL, 0);
    if (!strncmp(argv[index], "to=", 3)) lists = true, to = strtoull(argv[index] + 3, NULL, 0);
    if (!strncmp(argv[index], "stage=", 6)) {
      if (stage_count == sizeof stages / sizeof *stages) return -1;
      stages[stage_count++] = strtoull(argv[index] + 6, NULL, 0);
    }
    if (!strncmp(argv[index], "step=", 5)) lists = true, wanted_step = strtoull(argv[index] + 5, NULL, 0);
  }
  counts = lists && from == 0 && !wanted_step;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
